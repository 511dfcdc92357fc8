"""Clients of Vinli's services."""
