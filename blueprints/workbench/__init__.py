"""The workbench, for the operator: why a redirect URI or an OAuth step fails."""
