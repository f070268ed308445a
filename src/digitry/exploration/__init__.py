"""exploration."""
