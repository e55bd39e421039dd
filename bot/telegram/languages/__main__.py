"""``python -m bot.telegram.languages`` brings the catalogues up to date."""

from bot.telegram.languages.gathering import main

main()
