"""JSON for our own pages, under short-lived tokens."""
