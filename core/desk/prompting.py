"""A signal becomes one prompt per person and account, and one chart for all."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby

from core.accounts import FIRED, OF_THE_HOUSE, Account, GuardPhase, GuardState
from core.desk.flooding import Place, held_notices, is_muted, place_of
from core.desk.offering import Obstacle, offer
from core.desk.people import Recipient, read_people
from core.desk.posting import postings_of
from core.desk.standing import GRACE, approve_by_rule, rule_for
from core.desk.tools import Tools, about_signal, again
from core.errors import BrokerUnavailable, ChartFailed, Refused
from core.ids import AccountId, PromptId, SignalId
from core.messages import Topic
from core.ports import Expect, Insert, Record, Save, SignalChart, Write
from core.prompts import (
    UNDECIDED,
    Offer,
    Prompt,
    PromptKind,
    PromptState,
    with_offer,
)
from core.signals import Signal


async def propose(tools: Tools, signal_id: SignalId) -> None:
    """Make the prompts of a signal; what exists already stays as it is.

    Nobody is asked while its provider is muted. Beyond what the provider may ask in a
    minute prompts are held, see ``core.desk.flooding``; their chart is drawn later.
    """
    signal = await tools.journal.get(Signal, signal_id)
    if signal is None or signal.proposed_at is not None or signal.cancelled_at:
        return
    if signal.expires_at <= tools.clock.now():
        await again(lambda: _mark(tools, signal_id, None))
        return
    people = await read_people(tools.journal)
    if is_muted(people.providers[signal.provider], tools.clock.now()):
        await again(lambda: _pass_over(tools, signal_id))
        return
    reached = [
        each
        for each in people.reached(
            signal.provider, signal.instrument, tools.clock.now()
        )
        if signal.user_id in (None, each.user.id)
    ]
    place = await place_of(tools, signal)
    chart = None if place.held else await draw(tools, signal)
    shown = replace(signal, chart_path=chart)
    for _, group in groupby(reached, key=lambda each: each.account.id):
        await _for_account(tools, shown, place, list(group))
    for each in reached if not place.held else ():
        await approve_by_rule(tools, shown, each)
    await again(lambda: _mark(tools, signal_id, chart))


async def _pass_over(tools: Tools, signal_id: SignalId) -> None:
    """The provider is muted: the signal is over without a question."""
    record = Record(
        actor="desk", action="signal_muted", subject=about_signal(signal_id)
    )
    await _mark(tools, signal_id, None, record)


async def _mark(
    tools: Tools, signal_id: SignalId, chart: str | None, *why: Record
) -> None:
    """Prompts were made; from here on they alone say whether it is undecided."""
    signal = await tools.journal.get(Signal, signal_id)
    if signal is not None and signal.proposed_at is None:
        marked = replace(signal, proposed_at=tools.clock.now(), chart_path=chart)
        await tools.journal.commit(Save(marked), *why)


async def _for_account(
    tools: Tools, signal: Signal, place: Place, group: list[Recipient]
) -> None:
    await again(lambda: _ask(tools, signal, place, group))


async def _ask(
    tools: Tools, signal: Signal, place: Place, group: list[Recipient]
) -> None:
    if await _asked(tools, signal.id, group[0].account.id):
        return
    found = await offer(tools, group[0].account, signal)
    made = (prompt_for(tools, signal, each, found) for each in group)
    prompts = [replace(each, held=place.held) for each in made]
    ruled = [await rule_for(tools, signal, each) is not None for each in group]
    due = tools.clock.now() + (GRACE if any(ruled) else timedelta())
    await _show(tools, prompts, place, signal.chart_path, due)


async def _show(
    tools: Tools, prompts: list[Prompt], place: Place, chart: str | None, due: datetime
) -> None:
    """All prompts of one account at once, so that nobody is asked after a decision.

    The signal is written too: a withdrawal meanwhile is noticed by either side. A
    guard that fires meanwhile ends what it finds; what it could not find is not shown.
    """
    first = prompts[0]
    signal = await tools.journal.get(Signal, first.signal_id)
    made = await _asked(tools, first.signal_id, first.account_id)
    if signal is None or signal.cancelled_at is not None or made:
        return
    asks = any(not each.viewer and each.state in UNDECIDED for each in prompts)
    await tools.journal.commit(
        *(await _not_fired(tools, first.account_id) if asks else ()),
        Save(replace(signal, chart_path=chart)),
        *[Insert(prompt) for prompt in prompts],
        *await _messages(tools, signal, prompts, place, due),
    )


async def _asked(tools: Tools, signal_id: SignalId, account_id: AccountId) -> bool:
    """Whether there are prompts already: what was begun is not begun again."""
    count = tools.journal.count
    return await count(Prompt, signal_id=signal_id, account_id=account_id) > 0


async def _messages(
    tools: Tools, signal: Signal, prompts: list[Prompt], place: Place, due: datetime
) -> list[Write]:
    """One for each prompt; where they are held, a word about that."""
    if not place.held:
        shown = await postings_of(tools, signal, prompts, place.priority, due)
        items = [
            tools.outbox_item(Topic.PROMPT, each.id, place.priority) for each in prompts
        ]
        return [*shown, *(Insert(replace(item, due_at=due)) for item in items)]
    waiting = [each.user_id for each in prompts if each.state in UNDECIDED]
    return await held_notices(tools, signal, prompts[0].account_id, waiting)


async def _not_fired(tools: Tools, account_id: AccountId) -> tuple[Expect, ...]:
    if await tools.journal.get(GuardState, account_id) is None:
        return ()
    return (Expect(GuardState, account_id, {"phase": frozenset(GuardPhase) - FIRED}),)


def prompt_for(
    tools: Tools, signal: Signal, recipient: Recipient, found: Offer | Obstacle
) -> Prompt:
    """The prompt that one recipient gets: its numbers, or what stands in the way."""
    now = tools.clock.now()
    viewer = not recipient.decides
    final = isinstance(found, Obstacle) and not found.passing and not viewer
    blank = Prompt(
        id=PromptId(tools.ids.identity()),
        signal_id=signal.id,
        user_id=recipient.user.id,
        account_id=recipient.account.id,
        kind=PromptKind.OPEN,
        attempt=1,
        viewer=viewer,
        state=PromptState.REFUSED if final else PromptState.QUEUED,
        reason=found.reason if isinstance(found, Obstacle) and not viewer else "",
        nonce=tools.ids.nonce(),
        price=None,
        lots=None,
        risk_money=None,
        risk_percent=None,
        reward_money=None,
        spread=None,
        headroom=None,
        drift_r=None,
        drift_points=None,
        confirm_until=None,
        snoozed_until=None,
        decided_by=None,
        decided_at=None,
        chat_id=None,
        message_id=None,
        former_message_id=None,
        held=False,
        expires_at=signal.expires_at,
        created_at=now,
        updated_at=now,
    )
    if isinstance(found, Obstacle) or viewer:
        return blank
    return with_offer(blank, found)


async def draw(tools: Tools, signal: Signal) -> str | None:
    """The stored picture's path; ``None`` when no candles or no picture came."""
    source = await market_source(tools)
    if source is None:
        return None
    broker = tools.brokers[source]
    try:
        spec = await broker.get_symbol(signal.instrument)
        candles = await broker.get_candles(
            signal.instrument, signal.timeframe, tools.choices.chart_candles
        )
        chart = SignalChart(
            instrument=signal.instrument,
            timeframe=signal.timeframe,
            side=signal.side,
            entry=signal.price,
            stop_loss=signal.stop_loss,
            take_profit=signal.take_profit,
            digits=spec.digits,
            candles=candles,
        )
        media = await tools.charts.signal_chart(chart, at=tools.clock.now())
    except (BrokerUnavailable, Refused, ChartFailed):
        return None
    return media.path


async def market_source(tools: Tools) -> AccountId | None:
    """The account whose market is drawn, and followed on paper."""
    chosen = tools.choices.chart_account
    known = await tools.journal.find(Account, enabled=True, source=OF_THE_HOUSE)
    return next(
        (
            each.id
            for each in known
            if each.id in tools.brokers and chosen in (None, each.id)
        ),
        None,
    )
