"""Export networks to other formats, each verified to give the same answers as Keras."""
