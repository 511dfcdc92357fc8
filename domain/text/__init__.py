"""Make text from outside safe and readable for people."""
