"""Rules that pages, commands and exports share. This package does not import Flask."""
