"""Telegram: raw updates in through the inbox, messages out through the outbox.

wire/      to Telegram and back: receiver, sender, gateway
access     one outer middleware: who is this, by numeric id; default deny
routers/   thin handlers: parse, one use case, one view
cards      the rows behind a message, read together
views/     rows -> text and buttons; pure, no Telegram library
"""
