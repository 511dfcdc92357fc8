"""Runs of the OAuth flows: what becomes of an attempt, in words, and the traces they leave."""
