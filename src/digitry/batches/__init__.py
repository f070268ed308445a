"""From canonical digits to what a network eats."""
