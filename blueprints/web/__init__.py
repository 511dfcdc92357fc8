"""The common duties of all pages: headers, CSRF protection, error pages, identity, limits and logs."""
