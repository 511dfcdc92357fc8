"""The stores: one SQLite file, or Redis."""
