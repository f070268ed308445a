"""How well whole pages are read: a user's labelled pages → figures, and a page with the mistakes."""
