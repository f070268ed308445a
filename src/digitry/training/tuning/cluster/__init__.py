"""Trials on many machines, with Ray, which is imported only on request."""
