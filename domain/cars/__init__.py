"""Cars as people see them: devices with their vehicles, and what is exported of them."""
