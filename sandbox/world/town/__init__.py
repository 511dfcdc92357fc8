"""The town that the sandbox's cars drive in: its map, and the routes through it."""
