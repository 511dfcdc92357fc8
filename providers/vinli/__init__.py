"""Clients of Vinli's services, and what the sandbox tells in their place."""
