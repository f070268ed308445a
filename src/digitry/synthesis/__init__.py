"""What the networks learn from, drawn: characters in many hands, print, whole pages, and photographs of them."""
