"""What tests in Chromium share."""
