"""`python -m digitry` is the same as `digitry`."""

from digitry.cli import main

if __name__ == "__main__":
    main()
