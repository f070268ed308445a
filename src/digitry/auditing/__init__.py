"""Which labels of a dataset look wrong: networks that never saw an image judge its label."""
