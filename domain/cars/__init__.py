"""Cars as people see them: devices with their vehicles, and exports of them."""
