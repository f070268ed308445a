"""Many trainings of one recipe, to find which settings are best, and whether that is more than luck."""
