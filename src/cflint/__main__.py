"""`python -m cflint`."""

from cflint.cli import main

if __name__ == "__main__":
    main()
