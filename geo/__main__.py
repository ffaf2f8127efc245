"""``python -m geo`` is the command ``lodemap``."""

from geo.cli import main

if __name__ == "__main__":
    main(prog_name="lodemap")
