"""Networks as files: what they read, what their confidence is worth, and their answers."""
