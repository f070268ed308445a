"""Find labels of a dataset that look wrong, with networks that never saw the image."""
