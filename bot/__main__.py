"""``python -m bot`` is ``tapgate``."""

from bot.cli import main

if __name__ == "__main__":
    main()
