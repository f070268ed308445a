"""Presents the figures of `digitry robustness` for `python -m bench reading`: sheets of pictures, and a page."""
