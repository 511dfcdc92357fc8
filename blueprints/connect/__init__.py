"""The authorization-code flow."""
