"""What all pages owe and share: headers, CSRF protection, error pages, identity, limits and logs."""
