"""The simulation: people, devices, vehicles and time. Uses the standard library alone."""
