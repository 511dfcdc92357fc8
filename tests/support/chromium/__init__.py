"""What the tests in Chromium share: people, sites, scenes, and pictures of them."""
