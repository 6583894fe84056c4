"""Tasks: what is seeded, one folder a dataset."""
