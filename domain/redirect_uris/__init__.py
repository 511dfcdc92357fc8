"""Redirect URIs as text: comparing two of them, what is wrong with one, and the usual variants."""
