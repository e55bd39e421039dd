"""Telegram: raw updates in through the inbox, messages out through the outbox.

receiver   polls, commits each update, then hands it to the dispatcher
access     one outer middleware: who is this, by numeric id; default deny
routers/   thin handlers: parse, one use case, one view
cards      the rows behind a message, read together
views      rows -> text and buttons; pure, no Telegram library
sender     drains the outbox, paced and prioritised
gateway    the only module that calls the Bot API
"""
