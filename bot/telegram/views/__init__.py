"""What people read: rows in, text and buttons out. Pure, no Telegram library.

view        what a message is made of
prompts     the prompt, in every state
outcomes    what became of an order and a trade, one line each
notices     what is told unasked
welcoming   what newcomers read, and the commands
answers     where things stand, for somebody who asked
confirming  questions before something large
providers   signal sources, for admins
speech      in whose language, and on whose clock
text        escaped, tidied, within Telegram's limits
"""
