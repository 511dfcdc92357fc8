"""Files that other programs read: devices as CSV."""
