"""The paper account's file: every accepted change is on the disk before the answer.

SQLite in WAL mode. One change is one transaction, so a killed process leaves either
all of it or nothing. Changes of the account are synced (``synchronous=FULL``); mere
progress of the market is not, because a power cut that sets a walk back by a moment
costs nothing, and a killed process does not lose even that.

The file belongs to one process at a time; others may read it with ``read_ledger``.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from core.broker import Deal, PastOrder, PendingOrder
from core.errors import BrokerUnavailable, OutcomeUnknown
from mt5_bridge.paper.book import Book, Held
from mt5_bridge.paper.market import Turn
from mt5_bridge.paper.rows import from_row, to_cell, to_row
from mt5_bridge.paper.schema import (
    ADD_DEAL,
    ADD_PAST_ORDER,
    ADD_TURN,
    NEW_ACCOUNT,
    PUT_ORDER,
    PUT_POSITION,
    SCHEMA,
    SET_BOOK,
    SET_PLACE,
)

_EMPTY = Book(balance=Decimal(0), next_ticket=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How far which market has been walked."""

    feed: str
    """The feed's fingerprint."""
    elapsed: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A paper account as its file holds it."""

    currency: str
    book: Book
    place: Place
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What is over, by ticket."""

    past_orders: tuple[PastOrder, ...]
    deals: tuple[Deal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """All that a paper account has ever done, read from outside."""

    balance: Decimal
    positions: tuple[Held, ...]
    orders: tuple[PendingOrder, ...]
    past_orders: tuple[PastOrder, ...]
    deals: tuple[Deal, ...]


class PaperStore:
    """One open file; use it from one thread only."""

    def __init__(self, path: Path) -> None:
        """Open or make the file.

        Raises:
            BrokerUnavailable: it cannot be opened, or is something else.
        """
        self._path = path
        with self._telling("opened"):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = _opened(path)

    def close(self) -> None:
        """Let go of the file; safe to call twice."""
        self._db.close()

    def load(self) -> Saved | None:
        """What the file holds; ``None`` when it is new."""
        with self._telling("read"):
            return _load(self._db)

    def history_since(self, moment: datetime) -> History:
        """What came to be over at ``moment`` or later."""
        text = to_cell(moment)
        with self._telling("read"):
            past = self._db.execute(
                "SELECT * FROM past_orders WHERE done_at >= ? ORDER BY ticket", (text,)
            )
            deals = self._db.execute(
                "SELECT * FROM deals WHERE time >= ? ORDER BY ticket", (text,)
            )
            return _history(past, deals)

    def history_of(self, magic: int) -> History:
        """What is over under a magic number."""
        with self._telling("read"):
            past = self._db.execute(
                "SELECT * FROM past_orders WHERE magic = ? ORDER BY ticket", (magic,)
            )
            deals = self._db.execute(
                "SELECT * FROM deals WHERE magic = ? ORDER BY ticket", (magic,)
            )
            return _history(past, deals)

    def create(self, currency: str, book: Book, place: Place) -> None:
        """Write a new account; raises as ``save`` does."""
        with self._transaction(durable=True) as db:
            db.execute(NEW_ACCOUNT, {"currency": currency})
            _save(db, _EMPTY, book, place)

    def save(
        self, before: Book, after: Book, place: Place, turn: Turn | None = None
    ) -> None:
        """Write what has changed, the walk's new place and a new turn, if any.

        Raises:
            BrokerUnavailable: nothing was written.
            OutcomeUnknown: the disk failed at the very end; load the file to see.
        """
        durable = turn is not None or not after.same_as(before)
        with self._transaction(durable=durable) as db:
            _save(db, before, after, place)
            if turn is not None:
                db.execute(ADD_TURN, to_row(turn))

    def restart_walk(self, place: Place) -> None:
        """Begin with another feed, of which nothing was ever steered."""
        with self._transaction(durable=True) as db:
            db.execute("DELETE FROM turns")
            db.execute(SET_PLACE, to_row(place))

    @contextmanager
    def _transaction(self, *, durable: bool) -> Iterator[sqlite3.Connection]:
        with self._telling("written"):
            self._db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._roll_back()
                raise
        self._commit()

    def _commit(self) -> None:
        try:
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            message = f"{self._path} may not have been written: {error}"
            raise OutcomeUnknown(message) from error

    def _roll_back(self) -> None:
        """SQLite has done so itself after some failures, as a full disk."""
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    @contextmanager
    def _telling(self, done: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            message = f"{self._path} could not be {done}: {error}"
            raise BrokerUnavailable(message) from error


def read_ledger(path: Path) -> Ledger:
    """Everything in a paper account's file, without touching it.

    May be called beside the process that owns the file, and after it was killed.

    Raises:
        BrokerUnavailable: there is no such file, or no account in it yet.
    """
    address = f"{path.absolute().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True)) as db:
            db.row_factory = sqlite3.Row
            db.execute("BEGIN")
            saved = _load(db)
            past = db.execute("SELECT * FROM past_orders ORDER BY ticket")
            deals = db.execute("SELECT * FROM deals ORDER BY ticket")
            history = _history(past, deals)
    except sqlite3.Error as error:
        message = f"{path} could not be read: {error}"
        raise BrokerUnavailable(message) from error
    if saved is None:
        message = f"{path} holds no account yet"
        raise BrokerUnavailable(message)
    return Ledger(
        balance=saved.book.balance,
        positions=saved.book.held(),
        orders=saved.book.pending(),
        past_orders=history.past_orders,
        deals=history.deals,
    )


def _opened(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None)
    try:
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(SCHEMA)
    except sqlite3.Error:
        db.close()
        raise
    return db


def _history(past: sqlite3.Cursor, deals: sqlite3.Cursor) -> History:
    return History(
        past_orders=tuple(from_row(PastOrder, row) for row in past),
        deals=tuple(from_row(Deal, row) for row in deals),
    )


def _load(db: sqlite3.Connection) -> Saved | None:
    account = db.execute("SELECT * FROM account").fetchone()
    if account is None:
        return None
    held = (from_row(Held, row) for row in db.execute("SELECT * FROM positions"))
    orders = (from_row(PendingOrder, row) for row in db.execute("SELECT * FROM orders"))
    turns = db.execute("SELECT * FROM turns ORDER BY id")
    book = Book(
        balance=Decimal(account["balance"]),
        next_ticket=account["next_ticket"],
        positions={each.ticket: each for each in held},
        orders={each.ticket: each for each in orders},
    )
    return Saved(
        currency=account["currency"],
        book=book,
        place=from_row(Place, account),
        turns=tuple(from_row(Turn, row) for row in turns),
    )


def _save(db: sqlite3.Connection, before: Book, after: Book, place: Place) -> None:
    balance, next_ticket = to_cell(after.balance), after.next_ticket
    db.execute(SET_BOOK, {"balance": balance, "next_ticket": next_ticket})
    db.execute(SET_PLACE, to_row(place))
    gone = [(ticket,) for ticket in before.positions.keys() - after.positions]
    db.executemany("DELETE FROM positions WHERE ticket = ?", gone)
    gone = [(ticket,) for ticket in before.orders.keys() - after.orders]
    db.executemany("DELETE FROM orders WHERE ticket = ?", gone)
    positions = dict(after.positions.items() - before.positions.items())
    db.executemany(PUT_POSITION, map(to_row, positions.values()))
    orders = dict(after.orders.items() - before.orders.items())
    db.executemany(PUT_ORDER, map(to_row, orders.values()))
    db.executemany(ADD_PAST_ORDER, map(to_row, after.past_orders))
    db.executemany(ADD_DEAL, map(to_row, after.deals))
