"""What `python -m bench reading` makes of the figures of `digitry robustness`: sheets of pictures, and a page."""
