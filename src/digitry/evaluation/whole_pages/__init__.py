"""How well whole pages are read: a person's labelled pages → figures, and a page with the mistakes."""
