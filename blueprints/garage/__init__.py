"""The driver's cars."""
