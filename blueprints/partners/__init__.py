"""The console of the partner APIs."""
