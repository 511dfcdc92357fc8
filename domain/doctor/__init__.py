"""The doctor: what this installation would send and is, against what Vinli, the browser and the machine say."""
