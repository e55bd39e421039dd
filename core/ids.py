"""What is called by which name: each kind of identity is a type of its own."""

from typing import NewType

AccountId = NewType("AccountId", str)
"""The account's name in ``config.toml``: ``demo``, ``live1``."""
ProviderName = NewType("ProviderName", str)
UserId = NewType("UserId", int)
"""A Telegram person, by numeric id; never by username."""
SignalId = NewType("SignalId", str)
PromptId = NewType("PromptId", str)
ApprovalId = NewType("ApprovalId", str)
OrderId = NewType("OrderId", str)
SendId = NewType("SendId", str)
TradeId = NewType("TradeId", str)
RuleId = NewType("RuleId", str)
GroupId = NewType("GroupId", str)
PostingId = NewType("PostingId", str)
Ticket = NewType("Ticket", int)
"""The broker's number of a position, an order or a deal."""


def short(identity: str) -> str:
    """The tag that people read: the last four characters, as in ``#A7F3``."""
    return f"#{identity[-4:].upper()}"
