"""Exploring a dataset before training on it."""
