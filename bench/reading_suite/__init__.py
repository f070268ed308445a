"""What `make bench-reading` is made of: pictures of MNIST test digits, pictures without digits, figures, a page."""
