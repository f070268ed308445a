"""What a network that reads pages answers for every spot, one of a page's 4×4 pixels: the channels, and their meaning.

Lengths are in heights of a digit of the same writing, so that they do not depend on how large it is.
"""

from __future__ import annotations

STRIDE = 4
"""Pixels of the page, along both axes, that share a spot."""

CENTRE = 0
"""Logit: the middle of a character's ink lies here."""
SIZE = 1
"""Logarithm of a digit's height in the same writing, in `USUAL_SIZE`s."""
WIDTH, HEIGHT = 2, 3
"""Logarithms of the size of the character's box."""
RIGHT, DOWN = 4, 5
"""How far from the spot's middle the middle of the box lies, in spots."""
AFTER = slice(6, 9)
"""Logit: a character of the same number follows; how far right and down its middle lies."""
BEFORE = slice(9, 12)
"""The same of the character before."""
WRITTEN = 12
"""Logit: written by hand, not printed."""
STRUCK = 13
"""Logit: struck out."""
TURN = slice(14, 18)
"""Logits: 0, 1, 2, 3 quarter turns, clockwise, make the writing upright."""
CLASSES = 18
"""From here on, logits: which character it is, in the order of the contract's class names, and last any other."""

USUAL_SIZE = 16.0
"""Pixels: the height of a digit whose logarithm of size is 0."""

READABLE = (9.5, 42.0)
"""Pixels: the sizes of digits that the network learns to see; smaller and larger ones are seen on another scale."""
