"""Processes that work for another one, with limits."""
