"""Anyline: tokens, and the reading of tire sidewalls."""
