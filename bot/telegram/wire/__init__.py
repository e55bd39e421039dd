"""To Telegram and back; nothing else of ours calls the Bot API.

receiver  polls, commits each update, then hands it to the dispatcher
sender    drains the outbox, paced and prioritised
pacing    the speed limits
gateway   views out, our own failures back
calls     the few methods that carry our messages
failures  what Telegram's errors mean for us
session   how the connection is made
"""
