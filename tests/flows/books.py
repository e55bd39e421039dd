"""The two oracles beside the chat: the database's file and the broker's own ledger."""

import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

from core.broker import Deal, DealEntry
from mt5_bridge.paper.store import Ledger, read_ledger
from tests.flows.waiting import until

Row = dict[str, Any]


class Books:
    """What is durably there, read without asking the service."""

    def __init__(self, data_dir: Path) -> None:
        self._dir = data_dir

    # ------------------------------------------------------------ database
    def rows(self, query: str, *values: object) -> list[Row]:
        """The rows of a query; every call sees the newest commit."""
        address = f"{(self._dir / 'tapgate.db').as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=10)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(query, values)]

    def row(self, query: str, *values: object) -> Row:
        """The one row of a query."""
        (only,) = self.rows(query, *values)
        return only

    def wait(self, query: str, *values: object) -> Row:
        """The first row of a query, once there is one."""
        return until(lambda: next(iter(self.rows(query, *values)), None), query)

    def quiet(self) -> None:
        """Wait until nothing is left to do or to say."""
        until(
            lambda: (
                not self.rows(
                    "SELECT id FROM outbox WHERE done_at IS NULL UNION "
                    "SELECT id FROM inbox WHERE done_at IS NULL"
                )
            ),
            "an empty outbox and inbox",
        )

    def prompts(self, signal: str) -> list[Row]:
        return self.rows("SELECT * FROM prompts WHERE signal_id = ?", signal)

    def approvals(self, signal: str) -> list[Row]:
        return self.rows("SELECT * FROM approvals WHERE signal_id = ?", signal)

    def orders(self, signal: str) -> list[Row]:
        """The opening orders of a signal."""
        return self.rows(
            "SELECT * FROM orders WHERE signal_id = ? AND kind = 'open'", signal
        )

    def sends(self, signal: str) -> list[Row]:
        """Every transmission of a signal's opening orders."""
        return self.rows(
            "SELECT sends.* FROM sends JOIN orders ON orders.id = sends.order_id "
            "WHERE signal_id = ? AND kind = 'open' ORDER BY number",
            signal,
        )

    def trades(self, signal: str) -> list[Row]:
        return self.rows("SELECT * FROM trades WHERE signal_id = ?", signal)

    def guard(self, account: str) -> Row:
        return self.row("SELECT * FROM guards WHERE id = ?", account)

    def audit(self, action: str, actor: str) -> list[Row]:
        return self.rows(
            "SELECT * FROM audit WHERE action = ? AND actor = ?", action, actor
        )

    # ------------------------------------------------------------ broker
    def ledger(self, account: str) -> Ledger:
        """All that the account's broker has ever done."""
        return read_ledger(self._dir / f"paper-{account}.db")

    def openings(self, account: str) -> list[Deal]:
        """The deals that opened a position on the account."""
        deals = self.ledger(account).deals
        return [deal for deal in deals if deal.entry is DealEntry.IN]

    def booked(self, account: str, position: int) -> Decimal:
        """What the broker booked for a position, commission included."""
        deals = self.ledger(account).deals
        return sum(
            (deal.net for deal in deals if deal.position_id == position),
            start=Decimal(0),
        )
