"""What pages, commands and exports share. It knows no Flask."""
