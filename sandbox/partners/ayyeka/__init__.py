"""Ayyeka: tokens, and the list of sites."""
