"""What people, a provider and the market do in a run, and what they remember of it.

This is the first of the independent ledgers: signals that were acknowledged and
taps that were made.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

import aiohttp

from bot.clock import SystemClock
from bot.demo.people import ADA, SAM
from bot.provider_client import ProviderClient
from bot.sandbox import people
from bot.sandbox.errors import Problem
from bot.sandbox.model import Message, Query, User
from core.ids import short
from tests.faults import ledgers
from tests.faults.run import GLANCE, PATIENCE, Run, Stuck
from tests.faults.runner import CREDENTIALS, PRICE_PATH

GOLD = "XAUUSD"
NOT_DONE = "Not done: "
"""How a notice says that an order on a position came to nothing."""
GUARD_FIRED = "The guard of demo"
"""How its message begins, whoever fired it."""
ENTRY = Decimal("1950.25")
"""The ask of a market at which nothing moves."""
SPREAD = Decimal("0.25")
R = Decimal(5)
"""From entry to stop, in price."""
UNANSWERED = 1.0
"""Seconds after which a person taps again."""
SHOWN = {
    "Approve": ("Approved", "Confirm?"),
    "Confirm": ("Approved",),
    "Reject": ("Rejected",),
}
"""The buttons that decide, and what a card shows afterwards."""


@dataclass(slots=True, kw_only=True)
class Told:
    """One signal as the outside remembers it."""

    external_id: str
    id: str = ""
    """As acknowledged; empty before."""
    decision: str = ""
    """What was tapped first: Approve or Reject."""
    copies: int = 1
    """Messages of it that there are to be; one more after a snooze."""

    @property
    def tag(self) -> str:
        """How a card names it."""
        return short(self.id)


class World:
    """Everybody outside, and their memory."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.telegram = run.sandbox.world
        self.told: dict[str, Told] = {}
        self.updates: set[int] = set()
        """What Telegram promised to deliver: everything that anybody tapped."""
        credentials = json.loads((run.folder / CREDENTIALS).read_text())
        self._provider = ProviderClient(url=run.url, clock=SystemClock(), **credentials)

    # ------------------------------------------------------------ the provider
    async def post(self, name: str, **more: object) -> Told:
        """Post a signal to buy gold until it is acknowledged."""
        told = self.told[name] = Told(external_id=name)
        signal = {
            "external_id": name,
            "instrument": GOLD,
            "side": "buy",
            "price": str(ENTRY),
            "stop_loss": str(ENTRY - R),
            "take_profit": str(ENTRY + R * 12),
            "expires_in": 600,
        } | more
        told.id = await self._acknowledged(signal)
        return told

    async def withdraw(self, told: Told) -> None:
        """Withdraw a signal until that is acknowledged."""
        name = f"withdraw-{told.external_id}"
        wish = {"external_id": name, "action": "cancel", "target": told.external_id}
        await self._acknowledged(wish)

    async def _acknowledged(self, signal: Mapping[str, object]) -> str:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE
        while loop.time() < deadline and not self.run.troubles:
            try:
                answer = await self._provider.post(signal)
            except (aiohttp.ClientError, TimeoutError):
                await asyncio.sleep(GLANCE)
                continue
            if answer.status in (200, 201):
                return str(answer.body["id"])
            if answer.status < 500:
                message = f"the provider is told {answer.status}: {answer.body}"
                raise Stuck(message)
        message = f"signal {signal['external_id']} is never acknowledged"
        raise Stuck(message)

    # ------------------------------------------------------------ the market
    async def move(self, price: Decimal) -> None:
        """Let gold's bid jump, as soon as the service is there to hear of it."""
        url = self.run.url + PRICE_PATH
        wish = {"instrument": GOLD, "price": str(price)}
        moved = False

        async def go() -> None:
            nonlocal moved
            async with aiohttp.ClientSession() as session:
                while not moved:
                    try:
                        async with session.post(url, json=wish) as response:
                            moved = response.ok
                    except aiohttp.ClientError:
                        await asyncio.sleep(GLANCE)

        async with asyncio.timeout(PATIENCE):
            await go()

    # ------------------------------------------------------------ people
    def cards(self, told: Told) -> list[Message]:
        """Ada's copies of a signal's card, newest first."""
        return [
            message
            for message in self.telegram.present(ADA.id)
            if message.sender.is_bot
            and told.tag in message.now.rich.text
            and _is_card(message)
        ]

    def shows(self, told: Told, *texts: str) -> bool:
        """Whether a copy of the card shows one of these texts."""
        return any(
            text in card.now.rich.text for card in self.cards(told) for text in texts
        )

    async def see(self, told: Told, *texts: str) -> None:
        """Wait until the card shows one of these texts; any card without texts."""
        wanted = " or ".join(texts) or "a card"
        await self.run.until(
            lambda: self.shows(told, *texts or ("",)), f"{told.external_id}: {wanted}"
        )

    async def hear(self, *texts: str) -> None:
        """Wait until a message that is no card says this to Ada."""
        for text in texts:
            await self.run.until(partial(self.hears, text), text)

    def hears(self, text: str) -> bool:
        """Whether a message that is no card says this."""
        return bool(self.heard(text))

    def heard(self, text: str) -> list[Message]:
        """Messages to Ada that say this, cards apart."""
        return [
            each
            for each in self.telegram.present(ADA.id)
            if text in each.now.rich.text and not _is_card(each)
        ]

    async def decide(self, told: Told, label: str, *, taps: int = 1) -> None:
        """Tap Approve, Confirm or Reject until a card shows that it was."""
        await self.see(told)
        told.decision = label
        await self.press(told, label, *SHOWN[label], taps=taps)

    async def press(self, told: Told, label: str, *wanted: str, taps: int = 1) -> None:
        """Tap a button on every copy, impatiently, until one shows what is wanted."""
        now = asyncio.get_running_loop().time
        deadline = now() + PATIENCE
        while not self.shows(told, *wanted):
            for card in self.cards(told):
                for _ in range(taps):
                    self.tap(ADA, card, label)
            taps = 1
            await self.telegram.bell.until(
                lambda: self.shows(told, *wanted) or None, UNANSWERED
            )
            if self.run.troubles or now() > deadline:
                message = f"{told.external_id}: {label} has no effect"
                raise Stuck(message)

    def tap(self, person: User, card: Message, label: str) -> Query | None:
        """One tap on a button of Ada's chat; ``None`` where it is gone."""
        data = next(
            (each["callback_data"] for each in card.buttons if label in each["text"]),
            None,
        )
        if data is None:
            return None
        wish = people.Tap(data=data, chat_id=ADA.id, message_id=card.id)
        try:
            query, update_id = people.tap(self.telegram, person, wish)
        except Problem:
            return None
        if update_id is not None:
            self.updates.add(update_id)
        return query

    async def ask(self, command: str, label: str) -> None:
        """Say something to the bot, and tap the button of its answer if one comes."""
        said, _ = people.say(self.telegram, ADA, command)

        def asked() -> Message | None:
            return next(
                (
                    each
                    for each in self.telegram.present(ADA.id)
                    if each.id > said.id and has_button(each, label)
                ),
                None,
            )

        question = await self.telegram.bell.until(asked, UNANSWERED)
        query = self.tap(ADA, question, label) if question else None
        if query is not None:
            await self.telegram.bell.until(lambda: query.answer, UNANSWERED)
        if self.run.troubles:
            raise Stuck(self.run.troubles[0])

    async def snooze(self, told: Told) -> None:
        """Tap Snooze until the card says so or comes back; wait until it does."""
        await self.press(told, "Snooze", "Snoozed until", "Was snoozed")
        told.copies = 2
        await self.run.until(
            lambda: len(self.cards(told)) >= told.copies, f"{told.external_id} is back"
        )

    async def grant(self, *labels: str) -> None:
        """Grant a standing rule by /rules; what is not answered is begun again."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE
        while not ledgers.rows_of(self.run.folder, "SELECT id FROM standing_rules"):
            said, _ = people.say(self.telegram, ADA, "/rules")
            for label in labels:
                shown = partial(self._newer, said.id, label)
                question = await self.telegram.bell.until(shown, UNANSWERED)
                query = self.tap(ADA, question, label) if question else None
                if query is None:
                    break
                await self.telegram.bell.until(partial(_answer, query), UNANSWERED)
            if self.run.troubles or loop.time() > deadline:
                message = "no standing rule is granted"
                raise Stuck(message)

    def _newer(self, said: int, label: str) -> Message | None:
        """A message to Ada after what she said, with this button."""
        mine = (m for m in self.telegram.present(ADA.id) if m.id > said)
        return next((m for m in mine if has_button(m, label)), None)

    async def change(self, label: str, done: str) -> None:
        """Ask for the open position, tap a button of it, and Confirm until it is told.

        Whoever is not answered taps the same Confirm again.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE
        question: Message | None = None
        while not self.hears(done) and not self.hears(NOT_DONE):
            question = question or await self._question(label)
            if question is not None:
                self.tap(ADA, question, "Confirm")
            await self.telegram.bell.until(lambda: self.hears(done) or None, UNANSWERED)
            if self.run.troubles or loop.time() > deadline:
                message = f"{label} has no effect"
                raise Stuck(message)

    async def _question(self, label: str) -> Message | None:
        """The question behind a button of the position, if one comes."""
        said, _ = people.say(self.telegram, ADA, "/positions")

        def shown(wanted: str) -> Message | None:
            mine = (m for m in self.telegram.present(ADA.id) if m.id > said.id)
            return next((each for each in mine if has_button(each, wanted)), None)

        card = await self.telegram.bell.until(lambda: shown(label), UNANSWERED)
        if card is None:
            return None
        self.tap(ADA, card, label)
        return await self.telegram.bell.until(lambda: shown("Confirm"), UNANSWERED)

    async def intrude(self, told: Told) -> None:
        """Sam, whom nobody invited, sends what Ada's button would send."""
        await self.see(told)
        self.tap(SAM, self.cards(told)[0], "Approve")

    def tap_what_is_left(self) -> int:
        """Approve on every card that still has the button; how many there were."""
        left = 0
        for told in self.told.values():
            for card in self.cards(told):
                label = next((each for each in SHOWN if has_button(card, each)), None)
                if label and told.decision:
                    self.tap(ADA, card, label)
                    left += 1
        return left


def _answer(query: Query) -> object:
    """What the bot answered to a tap, once it did."""
    return query.answer


def has_button(card: Message, label: str) -> bool:
    """Whether a message shows a button with this in its text."""
    return any(label in button["text"] for button in card.buttons)


def _is_card(message: Message) -> bool:
    """Whether it is a signal's card, which shows the levels; notices do not."""
    return "\nEntry " in message.now.rich.text
