"""Reading many pictures on many machines with Ray, which is imported only when it is used."""
