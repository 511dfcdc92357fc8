"""Runs of the OAuth flows: texts for their results, and the traces that they leave."""
