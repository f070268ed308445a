"""Train one recipe many times to find which settings are best, and whether they are better than luck."""
