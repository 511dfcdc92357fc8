"""The command line: its options, and what is printed at the start."""
