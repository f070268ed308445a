"""Pictures → ink → canonical digits and strips of numbers, each step a plain function on arrays."""
