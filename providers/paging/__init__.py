"""Offset lists: whole lists and parts of lists, in order, without loss or duplicates."""
