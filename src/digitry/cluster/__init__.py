"""The jobs of one machine on many: by Ray, which is imported only where it is asked for."""
