"""The whole story, played over HTTP and checked step by step.

a signal is approved, filled, and hits its target
another is rejected, with a reason
the same again is the same, other content under its name is refused
one is withdrawn by its provider
with 1 % risk and a far target the price runs 6 R in favour and falls back:
the peak's gain is given up before the stop is reached, and the guard fires
an admin re-arms, with a reason
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus

from bot.demo.hands import Hands
from bot.demo.house import ACCOUNT, Demo
from bot.demo.people import ADA
from bot.demo.show import a_signal
from bot.errors import StoryFailed
from bot.tasks import pause
from core.accounts import GuardPhase, GuardState
from core.market import Side
from core.money import plain
from core.orders import EVER_FILLED, Order, OrderKind
from core.prompts import Approval, Decision
from core.signals import Signal
from core.trades import CloseReason, Trade, TradeState

GOLD = "XAUUSD"
DISTANCE = Decimal(5)
"""From entry to stop, in price."""
LIMIT_PERCENT = 5
KEPT = Decimal("1.5")
"""Above the entry, where the fall ends: the guard must fire before the stop."""
RISE_SECONDS = 4.0
FALL_SECONDS = 8.0
SIX_R = 6
NEARLY = Decimal("0.1")
"""R that the spread and the last look may take off the peak."""
FAR = Decimal(12)
"""The last target, in R: far enough never to be reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What the database says at the end; the story checks it."""

    signals: int
    """All that the provider posted; one of them withdraws another."""
    approved: int
    rejected: int
    orders_filled: int
    trades_closed: int
    closed_at_target: int
    closed_by_guard: int
    profit: Decimal
    guard: GuardPhase
    audit_entries: int

    def rows(self) -> list[tuple[str, str]]:
        """Names and numbers, for a table."""
        ends = f"{self.closed_at_target} at target, {self.closed_by_guard} by the guard"
        return [
            ("Signals", f"{self.signals}, one of them a cancel"),
            ("Approved / rejected", f"{self.approved} / {self.rejected}"),
            ("Orders filled", str(self.orders_filled)),
            ("Trades closed", f"{self.trades_closed} ({ends})"),
            ("Profit", f"{self.profit:+,.2f} USD, as the broker's balance says"),
            ("Guard", f"{self.guard}"),
            ("Audit chain", f"{self.audit_entries} entries, unbroken"),
        ]


class Story:
    """Plays each step and names it when it has happened."""

    def __init__(self, demo: Demo) -> None:
        self._demo = demo
        self._hands: Hands = demo.hands
        self._last = 0
        """Newest message of Ada's chat that a step has used up."""
        self._balance = Decimal(0)
        """What the account had before the story."""

    async def play(self) -> AsyncIterator[str]:
        """Every step, as a sentence once it has happened.

        Raises:
            StoryFailed: a step did not happen.
        """
        steps: tuple[Callable[[], AsyncIterator[str]], ...] = (
            self._target,
            self._rejection,
            self._duplicate,
            self._withdrawal,
            self._guard,
            self._rearm,
        )
        self._balance, _ = await self._held()
        await self._hands.move(GOLD, (await self._hands.quote(GOLD))["bid"])
        for step in steps:
            async for told in step():
                yield told

    async def _post(
        self, name: str, *, reward: Decimal = Decimal("1.5"), **more: object
    ) -> dict[str, object]:
        signal = await a_signal(self._demo, GOLD, Side.BUY, DISTANCE, reward=reward)
        signal |= {"external_id": name, **more}
        answer = await self._demo.provider.post(signal)
        _expect(answer.status == HTTPStatus.CREATED, f"signal {name}: {answer.body}")
        return signal

    async def _prompt(self) -> int:
        message = await self._hands.wait(
            ADA.id, GOLD, button="Approve", after=self._last
        )
        self._last = int(message["message_id"])
        return self._last

    async def _shown(self, text: str, *, message: int = 0) -> None:
        """The message, or any newer than the last prompt's, shows this text."""
        await self._hands.wait(ADA.id, text, after=(message or self._last) - 1)

    async def _target(self) -> AsyncIterator[str]:
        signal = await self._post("story-target", payload={"reason": "Breakout"})
        message = await self._prompt()
        yield "A signed signal came in, its chart and buttons are in Ada's chat"
        await self._hands.tap(ADA.id, "Approve", message_id=message)
        await self._shown("Filled", message=message)
        yield "Ada tapped Approve: one order, filled"
        await self._hands.move(GOLD, str(signal["take_profit"]), over=2)
        await self._shown("Target hit", message=message)
        yield "The price reached the target: closed in profit and announced"

    async def _rejection(self) -> AsyncIterator[str]:
        await self._post("story-reject")
        message = await self._prompt()
        await self._hands.tap(ADA.id, "Reject", message_id=message)
        await self._hands.tap(ADA.id, "News", message_id=message)
        await self._shown("· News", message=message)
        yield "Ada rejected the next one, because of news: nothing was ordered"

    async def _duplicate(self) -> AsyncIterator[str]:
        signal = await self._post("story-twice", expires_in=20)
        again = await self._demo.provider.post(signal)
        _expect(again.status == HTTPStatus.OK, "the same again must be the same")
        other = await self._demo.provider.post(signal | {"price": "1"})
        refused = (HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)
        _expect(other.status in refused, "other content must be refused")
        changed = await self._demo.provider.post(signal | {"expires_in": 21})
        _expect(changed.status == HTTPStatus.CONFLICT, "a changed one is a conflict")
        message = await self._prompt()
        await self._hands.tap(ADA.id, "Reject", message_id=message)
        yield "The same signal again got the same receipt; changed, it was refused"

    async def _withdrawal(self) -> AsyncIterator[str]:
        await self._post("story-cancel")
        message = await self._prompt()
        answer = await self._demo.provider.post(
            {"external_id": "cancel-1", "action": "cancel", "target": "story-cancel"}
        )
        _expect(answer.status == HTTPStatus.CREATED, f"cancel: {answer.body}")
        await self._shown("Withdrawn by the provider", message=message)
        yield "The provider withdrew a signal: its buttons are gone"

    async def _guard(self) -> AsyncIterator[str]:
        signal = await self._post("story-guard", reward=FAR)
        message = await self._prompt()
        await self._hands.tap(ADA.id, "Approve", message_id=message)
        await self._shown("Filled", message=message)
        yield "Ada approved a last one, with a far target"
        entry = Decimal(str(signal["price"]))
        top = entry + DISTANCE * SIX_R
        await self._hands.move(GOLD, str(top), over=RISE_SECONDS)
        await self._peak_of_six_r()
        yield "The price ran 6 R in favour: a new peak of equity"
        await self._hands.move(GOLD, str(entry + KEPT), over=FALL_SECONDS)
        await self._shown("The guard of demo fired")
        yield f"The price fell back {LIMIT_PERCENT} % from the peak: the guard fired"
        await self._shown("demo is flat")
        await self._shown("Closed by the guard", message=message)
        yield "Every position is closed, and two looks proved it"

    async def _peak_of_six_r(self) -> None:
        """Wait until the guard has seen (nearly) all of the rise."""
        journal = self._demo.tools.journal
        (trade,) = await journal.find(Trade, state=TradeState.OPEN)
        for _ in range(100):
            guard = await journal.get(GuardState, ACCOUNT)
            rise = trade.risk_money * (SIX_R - NEARLY)
            if guard is not None and guard.peak >= guard.balance + rise:
                return
            await pause(self._demo.glance)
        message = "the guard never saw the peak"
        raise StoryFailed(message)

    async def _rearm(self) -> AsyncIterator[str]:
        await self._hands.say(ADA.id, "/rearm demo the story is told")
        await self._shown("demo is armed again")
        yield "Ada re-armed the guard, with a reason"

    async def summary(self) -> Summary:
        """Counted from the database.

        Raises:
            StoryFailed: the numbers are not those of the story.
        """
        journal = self._demo.tools.journal
        signals = await journal.find(Signal, provider=self._demo.provider.name)
        ours = frozenset(signal.id for signal in signals)
        trades = await journal.find(Trade, signal_id=ours)
        guard = await journal.get(GuardState, ACCOUNT)
        counted = Summary(
            signals=len(signals),
            approved=await journal.count(
                Approval, decision=Decision.APPROVE, signal_id=ours
            ),
            rejected=await journal.count(
                Approval, decision=Decision.REJECT, signal_id=ours
            ),
            orders_filled=await journal.count(
                Order, kind=OrderKind.OPEN, state=EVER_FILLED, signal_id=ours
            ),
            trades_closed=sum(each.state is TradeState.CLOSED for each in trades),
            closed_at_target=sum(
                each.close_reason is CloseReason.TARGET for each in trades
            ),
            closed_by_guard=sum(
                each.close_reason is CloseReason.GUARD for each in trades
            ),
            profit=sum((each.profit or Decimal(0) for each in trades), Decimal(0)),
            guard=guard.phase if guard else GuardPhase.BLIND,
            audit_entries=await journal.verify_audit(),
        )
        await self._check(counted)
        return counted

    async def _check(self, counted: Summary) -> None:
        """The story's own numbers, and the broker's balance."""
        _expect(counted.signals == 6, "five signals and a cancel")  # noqa: PLR2004
        _expect(counted.approved == counted.orders_filled == 2, "an order per approval")  # noqa: PLR2004
        _expect(counted.rejected == 2, "two rejections")  # noqa: PLR2004
        _expect(counted.closed_at_target == counted.closed_by_guard == 1, "two closes")
        balance, positions = await self._held()
        expected = self._balance + counted.profit
        _expect(
            balance == expected and not positions,
            f"the broker holds {plain(balance)}, we count {plain(expected)}",
        )

    async def _held(self) -> tuple[Decimal, int]:
        """What the broker has: the balance, and how many positions."""
        snapshot = await self._demo.tools.brokers[ACCOUNT].get_snapshot(
            since=self._demo.tools.clock.now()
        )
        return snapshot.account.balance, len(snapshot.positions)


def _expect(held: bool, what: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not held:
        message = f"not as expected: {what}"
        raise StoryFailed(message)
