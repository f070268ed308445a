"""Worker processes with resource limits."""
