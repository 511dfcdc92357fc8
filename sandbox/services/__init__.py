"""Vinli's services: one module or package each, and what they share (callers, container, current)."""
