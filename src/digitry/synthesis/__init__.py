"""Synthetic training data: characters in many hands, print, whole pages, and photographs of them."""
