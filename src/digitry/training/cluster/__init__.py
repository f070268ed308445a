"""One training on many machines: by Ray, which is imported only where it is asked for, and by Torch on each of them."""
