"""The output channels of a network that reads pages, given for every spot, a cell of 4×4 pixels of the page.

Unless stated otherwise, lengths are in heights of a digit of the same writing, so they do not depend on its size.
"""

from __future__ import annotations

STRIDE = 4
"""Pixels of the page per spot, along both axes."""

CENTRE = 0
"""Logit: the centre of a character's ink lies here."""
SIZE = 1
"""Logarithm of the height of a digit in the same writing, in units of `USUAL_SIZE`."""
WIDTH, HEIGHT = 2, 3
"""Logarithms of the size of the character's box."""
RIGHT, DOWN = 4, 5
"""Offset of the box's centre from the spot's centre, in spots."""
AFTER = slice(6, 9)
"""Logit: a character of the same number follows; then the offset right and down to its centre."""
BEFORE = slice(9, 12)
"""The same for the character before."""
WRITTEN = 12
"""Logit: written by hand, not printed."""
STRUCK = 13
"""Logit: struck out."""
TURN = slice(14, 18)
"""Logits: 0, 1, 2 or 3 clockwise quarter turns make the writing upright."""
CLASSES = 18
"""First of the logits of the character, in the order of the contract's class names, with "any other" last."""

USUAL_SIZE = 16.0
"""In pixels: the height of a digit for which `SIZE` is 0."""

READABLE = (9.5, 42.0)
"""In pixels: digit heights that the network learns; smaller and larger ones are seen at another scale."""
