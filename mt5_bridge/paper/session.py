"""A paper account at work, on one thread: clock, market, book and file together.

Every change first lets the time that has passed do its work, then does what is
asked, then writes all of it in one transaction. The new state takes the place of
the old only after that; after any failure memory is thrown away and read from the
file again.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TypeVar

from core.errors import BrokerUnavailable, Refused
from core.ids import Ticket
from core.market import Quote
from core.money import cents
from core.ports import Clock
from mt5_bridge.paper.account import Moment, PaperAccount, Terms
from mt5_bridge.paper.book import Book
from mt5_bridge.paper.faults import Faults
from mt5_bridge.paper.market import Market, Turn
from mt5_bridge.paper.matching import expire, match
from mt5_bridge.paper.money import Money
from mt5_bridge.paper.specs import PaperSpec
from mt5_bridge.paper.store import History, PaperStore, Place, Saved
from mt5_bridge.paper.walk import Feed

FIRST_TICKET = 100_001
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperSettings:
    """The money side of a paper account as it is configured.

    Raises:
        Refused: an amount is below 0 or not in whole cents.
    """

    currency: str = "USD"
    """One of ``money.CURRENCIES``."""
    balance: Decimal = Decimal(10_000)
    """Paid in when the account's file is made."""
    leverage: int = 100
    """One for all instruments."""
    commission_per_lot: Decimal = Decimal(0)
    """For one lot in and out, in account currency; half is booked with each deal."""

    def __post_init__(self) -> None:
        for name in ("balance", "commission_per_lot"):
            amount: Decimal = getattr(self, name)
            if amount < 0 or amount != cents(amount):
                reason = f"{name} must be 0 or more in whole cents, was {amount}"
                raise Refused(reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """All that makes one paper account."""

    path: Path
    feed: Feed
    specs: Mapping[str, PaperSpec]
    """At least the instruments of the feed and the dollar pairs for rates."""
    settings: PaperSettings


@dataclass(slots=True, kw_only=True)
class Live:
    """The state in memory, always what the file holds but for the market's place."""

    book: Book
    market: Market
    place: Place
    walked_at: timedelta
    """The monotonic time up to which the market has been walked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hidden:
    """Tickets from ``first`` to before ``end`` are not shown until ``until``."""

    first: int
    end: int
    until: timedelta


class Session:
    """Not safe for threads: whoever owns it calls it from one."""

    def __init__(self, setup: Setup, clock: Clock, faults: Faults) -> None:
        """Raises ``Refused`` for a currency or a leverage that cannot be had."""
        self._setup = setup
        self._clock = clock
        self._faults = faults
        self.terms = Terms(
            specs={name: setup.specs[name] for name in setup.feed.instruments},
            money=Money(setup.settings.currency, setup.settings.leverage, self._rate),
            commission_per_lot=setup.settings.commission_per_lot,
        )
        self.fresh_at = clock.now()
        """When the market last spoke."""
        self._store: PaperStore | None = None
        self._live: Live | None = None
        self._hidden: list[_Hidden] = []

    def open(self) -> None:
        """Open the file, or make it; opening again changes nothing.

        Raises:
            BrokerUnavailable: the file cannot be used, or is another account's.
        """
        if self._store is None:
            self._store = PaperStore(self._setup.path)
        self._ready()

    def close(self) -> None:
        """Let go of the file; safe to call twice."""
        if self._store is not None:
            self._store.close()
        self._store = self._live = None

    # ------------------------------------------------------------ changes
    def change(
        self,
        act: Callable[[PaperAccount], _Result],
        turning: Callable[[Market], Turn] | None = None,
    ) -> _Result:
        """Let time pass, steer the market, act, and write what came of it.

        Raises:
            BrokerUnavailable: nothing was written.
            OutcomeUnknown: the disk failed at the very end.
        """
        live = self._ready()
        draft = live.book.draft()
        try:
            self._pass_time(live, draft)
            turn = turning(live.market) if turning else None
            if turn:
                live.market.add(turn)
                match(self._account(live, draft))
            result = act(self._account(live, draft))
            self._keep(live, draft, turn)
        except BaseException:
            self._live = None
            raise
        return result

    def _pass_time(self, live: Live, draft: Book) -> None:
        passed = self._clock.monotonic() - live.walked_at
        live.walked_at += passed
        if self._faults.now.stale:
            return
        self.fresh_at = self._clock.now()
        expire(self._account(live, draft))
        for _ in live.market.advance(passed):
            match(self._account(live, draft))

    def _keep(self, live: Live, draft: Book, turn: Turn | None) -> None:
        place = Place(feed=self._setup.feed.fingerprint, elapsed=live.market.elapsed)
        if turn or place != live.place or not draft.same_as(live.book):
            self._opened().save(live.book, draft, place, turn)
        self._hide(live.book.next_ticket, draft.next_ticket)
        live.book, live.place = draft, place

    def _account(self, live: Live, draft: Book) -> PaperAccount:
        @cache
        def quote_of(instrument: str) -> Quote:
            return self._quote(live, instrument)

        moment = Moment(now=self._clock.now(), quote_of=quote_of, closed=self._closed())
        return PaperAccount(draft, self.terms, moment)

    def _quote(self, live: Live, instrument: str) -> Quote:
        bid = live.market.price(instrument)
        ask = bid + self.terms.specs[instrument].spread_price
        return Quote(instrument=instrument, bid=bid, ask=ask, time=self.fresh_at)

    def _closed(self) -> Collection[str]:
        """Instruments whose market is closed."""
        return self._faults.now.closed

    def _rate(self, pair: str) -> Decimal:
        if pair in self._setup.feed.instruments:
            return self.market.price(pair)
        return self._setup.specs[pair].base_price

    # ------------------------------------------------------------ what there is
    @property
    def market(self) -> Market:
        """The market as far as it has been walked."""
        return self._ready().market

    def history(self, read: Callable[[PaperStore], History]) -> History:
        """What is over, as the file holds it."""
        return read(self._opened())

    def shows(self, ticket: Ticket) -> bool:
        """Whether the broker lets others see this ticket yet."""
        now = self._clock.monotonic()
        return not any(
            hidden.first <= ticket < hidden.end and now < hidden.until
            for hidden in self._hidden
        )

    def _hide(self, first: int, end: int) -> None:
        now, hidden_for = self._clock.monotonic(), self._faults.now.hidden_for
        self._hidden = [hidden for hidden in self._hidden if now < hidden.until]
        if hidden_for and first < end:
            hidden = _Hidden(first=first, end=end, until=now + hidden_for)
            self._hidden.append(hidden)

    # ------------------------------------------------------------ the file
    def _opened(self) -> PaperStore:
        if self._store is None:
            message = f"the paper account {self._setup.path} is not connected"
            raise BrokerUnavailable(message)
        return self._store

    def _ready(self) -> Live:
        if self._live is None:
            saved = self._opened().load()
            self._live = self._revived(saved) if saved else self._created()
        return self._live

    def _created(self) -> Live:
        """A new account, its opening balance paid in."""
        live = self._at(
            self._start(), Book(balance=Decimal(0), next_ticket=FIRST_TICKET)
        )
        draft = live.book.draft()
        if self._setup.settings.balance:
            self._account(live, draft).deposit(
                self._setup.settings.balance, "opening balance"
            )
        self._opened().create(self._setup.settings.currency, draft, live.place)
        live.book = draft
        return live

    def _revived(self, saved: Saved) -> Live:
        wanted = self._setup.settings.currency
        if saved.currency != wanted:
            message = (
                f"{self._setup.path} is kept in {saved.currency}, the configuration "
                f"says {wanted}; move the file away to begin anew"
            )
            raise BrokerUnavailable(message)
        if saved.place.feed == self._setup.feed.fingerprint:
            return self._at(saved.place, saved.book, saved.turns)
        self._opened().restart_walk(self._start())
        return self._at(self._start(), saved.book)

    def _start(self) -> Place:
        return Place(feed=self._setup.feed.fingerprint, elapsed=timedelta(0))

    def _at(self, place: Place, book: Book, turns: Iterable[Turn] = ()) -> Live:
        market = Market(
            self._setup.feed, self.terms.specs, elapsed=place.elapsed, turns=turns
        )
        now = self._clock.monotonic()
        return Live(book=book, market=market, place=place, walked_at=now)
