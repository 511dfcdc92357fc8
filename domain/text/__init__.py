"""Foreign text made safe and readable for people."""
