"""A reading as a picture: drawn on its page, or explained step by step."""
