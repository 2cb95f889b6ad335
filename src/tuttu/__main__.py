"""``python -m tuttu`` is the command ``tuttu``."""

from tuttu.cli import main

if __name__ == "__main__":
    main()
