"""Redirect URIs as text: compare two of them, find the flaws of one, and list common variants."""
