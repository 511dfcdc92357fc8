"""Clients of the remote systems. They know nothing of Flask, templates, cookies or environment variables."""
