"""The doctor: compares this installation's settings with what Vinli, the browser and the machine report."""
