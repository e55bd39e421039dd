"""The languages that people read: one catalogue each, beside the code that reads it.

catalogue  what is said instead of the English; loaded when it is first needed
gathering  which messages the code has; ``python -m bot.telegram.languages``
           brings the catalogues up to date, and a test fails while they are not
*.po       the translations, gettext's own format
"""
