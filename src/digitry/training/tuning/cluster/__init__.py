"""Trials on many machines: by Ray, which is imported only where it is asked for."""
