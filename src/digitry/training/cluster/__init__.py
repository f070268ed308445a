"""One training shared by many machines: Ray, imported only on request, places it, and Torch trains on each."""
