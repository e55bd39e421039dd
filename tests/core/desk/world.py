"""A desk on fakes: people, accounts and a broker, and the words to tell a story.

Nothing here waits in earnest, so a story runs in one go and is the same each time.
"""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from datetime import time, timedelta
from decimal import Decimal
from typing import Any, TypeVar, cast

from typing_extensions import override

from core.accounts import Account, AccountKind, GuardScope, GuardState, RiskRules
from core.desk import deciding, executing, intake, prompting, watching
from core.desk.executing import give_up
from core.desk.intake import Submission
from core.desk.people import read_people
from core.desk.taps import Reply, Tap
from core.desk.tools import Choices, Consent, Tools
from core.ids import AccountId, SendId, UserId
from core.intake import Draft, IntakeRules
from core.market import Side
from core.messages import WORK, NoticeKind, OutboxItem, Topic
from core.ports import Delete, Insert, R, Row, Save, Write
from core.prompts import Prompt
from core.users import EVERY_PROVIDER, Provider, Role
from tests.builders import (
    ACCOUNT,
    DEMO,
    USER,
    a_membership,
    a_provider,
    a_subscription,
    a_user,
    an_account,
)
from tests.fake_broker import FakeBroker
from tests.fake_charts import FakeCharts
from tests.fakes import CountingIds, FixedClock
from tests.memory_journal import MemoryJournal

T = TypeVar("T")

ADA = USER
BOB = UserId(2)
EVE = UserId(3)
"""A viewer, where a story has one."""
MALLORY = UserId(66)
"""No member of anything."""
DESK = AccountId("desk")

RULES = RiskRules(
    per_trade_percent=Decimal(1),
    max_drawdown_percent=Decimal(20),
    daily_loss_percent=Decimal(0),
    warn_percents=(50, 75, 90),
    day_resets_at=time(0, 0),
    day_timezone="UTC",
    guard_closes=GuardScope.ALL,
    max_lots=Decimal(0),
    max_spread_points=0,
    lots_without_stop=Decimal(0),
    confirm_above_risk_percent=Decimal(2),
    confirm_live=True,
    max_drift_r=Decimal("0.25"),
)
CONSENT = Consent(version="1", sha256="c" * 64, text="Trading is risky.")
INTAKE = IntakeRules(
    instruments=("XAUUSD", "EURUSD"),
    require_stop_loss=True,
    expires_after=timedelta(minutes=15),
)
GOLD_SIGNAL = Draft(
    external_id="gold-1",
    instrument="XAUUSD",
    side=Side.BUY,
    price=Decimal("1950.50"),
    stop_loss=Decimal("1945.00"),
    take_profit=Decimal("1965.00"),
)
"""1 % of 10,000 over 5.50 x 100 + 6 commission a lot: 0.17 lots, risk 94.52."""


class RacingJournal(MemoryJournal):
    """Lets somebody else act just before a commit, as another task may."""

    def __init__(self, clock: FixedClock) -> None:
        super().__init__(clock)
        self._races: list[tuple[type[Row], Callable[[], Awaitable[object]]]] = []

    def before_writing(
        self, kind: type[Row], action: Callable[[], Awaitable[object]]
    ) -> None:
        """Run ``action`` once, before the next commit that writes such a row."""
        self._races.append((kind, action))

    @override
    async def commit(self, *writes: Write) -> None:
        for number, (kind, action) in enumerate(self._races):
            if any(_writes(write, kind) for write in writes):
                del self._races[number]
                await action()
                break
        await super().commit(*writes)


def _writes(write: Write, kind: type[Row]) -> bool:
    return isinstance(write, Delete | Insert | Save) and isinstance(write.row, kind)


class World:
    """One process of Tapgate and everything around it."""

    def __init__(self, rules: RiskRules = RULES, **choices: Any) -> None:
        self.clock = FixedClock()
        self.ids = CountingIds()
        self.journal = RacingJournal(self.clock)
        self.charts = FakeCharts()
        self.brokers: dict[AccountId, FakeBroker] = {}
        self.rules: dict[AccountId, RiskRules] = {}
        self.standard = rules
        self.more = choices
        self.updates = 0
        self.epochs: dict[AccountId, int] | None = None
        self.absences: dict[SendId, timedelta] = {}

    @property
    def tools(self) -> Tools:
        choices = Choices(
            rules=self.rules,
            consent=CONSENT,
            owners=frozenset(),
            chart_candles=3,
            chart_account=None,
            stale_after=timedelta(seconds=10),
        )
        return Tools(
            journal=self.journal,
            clock=self.clock,
            ids=self.ids,
            brokers=self.brokers,
            charts=self.charts,
            choices=replace(choices, **self.more),
            epochs=self.epochs,
            absences=self.absences,
        )

    @property
    def broker(self) -> FakeBroker:
        """The broker of the first account."""
        return next(iter(self.brokers.values()))

    # -------------------------------------------------------------- furniture

    async def put(self, *rows: Row) -> None:
        await self.journal.commit(*(Insert(row) for row in rows))

    async def change(self, row: Row, **over: Any) -> None:
        """Write a row that somebody else changed."""
        await self.journal.commit(Save(replace(row, **over)))

    async def open_account(self, **over: Any) -> None:
        """An account with its broker, seen once, so that its guard is armed."""
        account = an_account(**over)
        await self.put(account)
        self.brokers[account.id] = FakeBroker(self.clock)
        self.rules[account.id] = self.standard
        await self.watch(account.id)

    async def person(
        self,
        user_id: UserId,
        role: Role = Role.APPROVER,
        *,
        account: AccountId = ACCOUNT,
        **over: Any,
    ) -> None:
        """A member who agreed to the terms and wants every signal."""
        await self.put(a_user(id=user_id, **over))
        await self.put(a_subscription(user_id=user_id, provider=EVERY_PROVIDER))
        await self.member(user_id, role, account=account)

    async def member(
        self, user_id: UserId, role: Role, *, account: AccountId = ACCOUNT
    ) -> None:
        await self.put(a_membership(user_id=user_id, account_id=account, role=role))

    # ------------------------------------------------------------------ story

    async def submit(self, draft: Draft = GOLD_SIGNAL, **over: Any) -> Submission:
        provider = await self.one(Provider, id=DEMO)
        wish = replace(draft, **over)
        people = await read_people(self.journal)
        return await intake.submit(self.tools, INTAKE, people, provider, wish)

    async def rehearse(self, draft: Draft, **over: Any) -> Submission | None:
        """What would keep it from being taken."""
        provider = await self.one(Provider, id=DEMO)
        people = await read_people(self.journal)
        wish = replace(draft, **over)
        return await intake.rehearse(self.tools, people, provider, wish)

    async def work(self) -> None:
        """Do what stands in the outbox for the desk until nothing is left."""
        while items := await self.journal.claim(
            WORK, limit=1, hold=timedelta(seconds=30)
        ):
            item = items[0]
            match item.topic:
                case Topic.PROPOSE:
                    await prompting.propose(self.tools, _as(item.subject))
                case Topic.EXECUTE:
                    await executing.execute(self.tools, _as(item.subject))
                case _:
                    raise AssertionError(item.topic)
            done = replace(item, done_at=self.clock.now())
            await self.journal.commit(Save(done))

    async def offered(self, draft: Draft = GOLD_SIGNAL, **over: Any) -> Prompt:
        """A signal came in and its prompts were made; the first of them."""
        submission = await self.submit(draft, **over)
        assert submission.signal is not None, submission
        await self.work()
        found = await self.journal.find(Prompt, signal_id=submission.signal.id)
        return found[0]

    async def filled(self, draft: Draft = GOLD_SIGNAL, **over: Any) -> None:
        """A signal came in, was approved by Ada, and filled."""
        await self.offered(draft, **over)
        await self.approve()
        await self.work()

    async def prompt(self, user: UserId = ADA) -> Prompt:
        """The newest prompt of this person, as it is now."""
        found = await self.journal.find(Prompt, user_id=user, order_by="-id", limit=1)
        return found[0]

    def tap(self, nonce: str, user: UserId) -> Tap:
        self.updates += 1
        return Tap(
            user_id=user,
            nonce=nonce,
            chat_id=user,
            message_id=100,
            update_id=self.updates,
        )

    async def approve(
        self,
        user: UserId = ADA,
        *,
        confirmed: bool = False,
        nonce: str = "",
        of: UserId | None = None,
    ) -> Reply:
        """Tap Approve (or Confirm) on the newest prompt, one's own or another's."""
        nonce = nonce or (await self.prompt(of or user)).nonce
        tap = self.tap(nonce, user)
        return await deciding.approve(self.tools, tap, confirmed=confirmed)

    async def confirm(self, user: UserId = ADA) -> Reply:
        return await self.approve(user, confirmed=True)

    async def reject(self, user: UserId = ADA) -> Reply:
        tap = self.tap((await self.prompt(user)).nonce, user)
        return await deciding.reject(self.tools, tap)

    async def watch(
        self, account: AccountId = ACCOUNT, *, deep: bool = True
    ) -> watching.Looked:
        return await watching.watch(self.tools, account, deep=deep)

    async def pass_by(self, seconds: float, *, looks: int = 1) -> None:
        """Time passes and the account is looked at, the work done, each time."""
        for _ in range(looks):
            self.clock.advance(timedelta(seconds=seconds))
            for account in self.brokers:
                await self.watch(account)
            await self.work()

    def later(self, **span: float) -> None:
        self.clock.advance(timedelta(**span))

    # ------------------------------------------------------------------ looks

    async def one(self, kind: type[R], /, **fields: Any) -> R:
        """The one row with these fields."""
        (row,) = await self.journal.find(kind, **fields)
        return row

    async def guard(self, account: AccountId = ACCOUNT) -> GuardState:
        return await self.one(GuardState, id=account)

    async def told(self, *users: UserId) -> list[NoticeKind]:
        """What these people, or anybody, were told, oldest first."""
        items = await self.journal.find(OutboxItem, topic=Topic.NOTICE)
        return [each.notice for each in items if not users or each.user_id in users]

    async def redrawn(self, prompt: Prompt) -> int:
        """How often the message of a prompt was, or is to be, drawn."""
        return await self.journal.count(
            OutboxItem, topic=Topic.PROMPT, subject=prompt.id
        )


def _as(subject: str) -> Any:
    return subject


def at_once(story: Coroutine[Any, Any, T]) -> T:
    """Run a story without a loop: on fakes nothing ever waits."""
    try:
        story.send(None)
    except StopIteration as end:
        return cast("T", end.value)
    message = "the story waited for something"
    raise AssertionError(message)


async def own_desk(rules: RiskRules = RULES, **choices: Any) -> World:
    """Ada with an account of her own."""
    world = World(rules, **choices)
    await world.put(a_provider())
    await world.put(a_user())
    await world.put(a_subscription(provider=EVERY_PROVIDER))
    await world.open_account(person_id=ADA)
    await world.member(ADA, Role.APPROVER)
    return world


async def shared_desk(rules: RiskRules = RULES, **choices: Any) -> World:
    """Ada and Bob decide for one account, Eve looks on."""
    world = World(rules, **choices)
    await world.put(a_provider())
    await world.open_account(kind=AccountKind.DESK)
    await world.person(ADA)
    await world.person(BOB, name="Bob")
    await world.person(EVE, Role.VIEWER, name="Eve")
    return world


async def account_of(world: World, account: AccountId = ACCOUNT) -> Account:
    return await world.one(Account, id=account)


async def recover(tools: Tools) -> int:
    """What a service does when it takes up its accounts after a start."""
    return sum([await give_up(tools, account) for account in tools.brokers])
