"""Who lives in the sandbox."""

from bot.sandbox import User

ADA = User(id=1001, first_name="Ada", username="ada")
"""Owns the account."""
VERA = User(id=1002, first_name="Vera", username="vera")
"""Looks on."""
SAM = User(id=1003, first_name="Sam", username="sam")
"""Has no invite."""
PEOPLE = (ADA, VERA, SAM)
