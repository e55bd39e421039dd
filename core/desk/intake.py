"""A provider's signal comes in.

new            stored with its outbox item and audit entry, in one transaction
same again     the receipt of the first
conflict       the same external_id or webhook-id with other content
refused        a rule says no; nothing is stored

An alert from TradingView may come without a name of its own. Then the same content
within one candle (a minute at least) of the first is the same signal, unless it is an
exit and something was opened in between.
"""

from dataclasses import replace
from datetime import timedelta

from core.desk.following import follow_up, objection
from core.desk.people import People, Recipient
from core.desk.submissions import (
    Submission,
    Verdict,
    entry_of,
    known_already,
    refused,
    signal_of,
)
from core.desk.tools import Tools
from core.intake import Draft, IntakeRules, content_hash
from core.market import Timeframe
from core.messages import Priority, Topic
from core.ports import Insert, PeopleAre
from core.signals import Action, Signal, Source
from core.users import Provider

SHORTEST_WINDOW = timedelta(seconds=60)
_LOOKED_AT = 20


async def submit(
    tools: Tools,
    rules: IntakeRules,
    people: People,
    provider: Provider,
    draft: Draft,
    *,
    still: int | None = None,
) -> Submission:
    """Take one validated draft; what was answered is durable.

    ``still`` is the version of ``people`` that were read some time ago: then a new
    open signal is stored only if they have not changed. Nothing else knows it.

    Raises:
        Conflict: they have changed.
    """
    draft = await named(tools, provider, draft)
    if draft.action is not Action.OPEN:
        return await follow_up(tools, rules, provider, draft)
    reached = _reached(tools, people, provider, draft)
    if not _may_go(draft, reached):
        return await known_already(tools, provider, draft) or _NOT_SUBSCRIBED
    signal = signal_of(tools, rules, provider, draft, len(reached))
    propose = tools.item(Topic.PROPOSE, signal.id, Priority.PROMPT)
    writes = (Insert(signal), propose, entry_of(provider, signal))
    condition = () if still is None else (PeopleAre(still),)
    (taken,) = await tools.journal.accept([(*condition, *writes)])
    if taken is None:
        return Submission(verdict=Verdict.STORED, signal=signal)
    known = await known_already(tools, provider, draft)
    if known is None:
        raise taken
    return known


async def rehearse(
    tools: Tools, people: People, provider: Provider, draft: Draft
) -> Submission | None:
    """How ``submit`` would refuse a validated draft now; ``None``: it would not.

    Nothing is stored.
    """
    draft = await named(tools, provider, draft)
    known = await known_already(tools, provider, draft)
    if known is not None:
        return known if known.verdict is Verdict.CONFLICT else None
    if draft.action is not Action.OPEN:
        return await objection(tools, provider, draft)
    reached = _reached(tools, people, provider, draft)
    return None if _may_go(draft, reached) else _NOT_SUBSCRIBED


def _reached(
    tools: Tools, people: People, provider: Provider, draft: Draft
) -> tuple[Recipient, ...]:
    """Those for whom it is; all subscribers, where nobody is named."""
    reached = people.reached(provider.id, draft.instrument or "", tools.clock.now())
    if draft.user_id is None:
        return reached
    return tuple(each for each in reached if each.user.id == draft.user_id)


def _may_go(draft: Draft, reached: tuple[Recipient, ...]) -> bool:
    """Whoever is named must be reached; a signal for all may reach nobody yet."""
    return bool(reached) or draft.user_id is None


_NOT_SUBSCRIBED = refused("user", "subscribes to none of your signals")


async def named(tools: Tools, provider: Provider, draft: Draft) -> Draft:
    """The draft with a name: its own, or one made of its content.

    That is the name of an earlier one of which it is a repetition, or the next.
    """
    if draft.external_id is not None:
        return draft
    content = content_hash(draft)
    stem = f"tv-{content[:32]}-"
    rows = await tools.journal.find(
        Signal,
        provider=provider.id,
        content_hash=content,
        source=Source.TRADINGVIEW,
        order_by="-created_at",
        limit=_LOOKED_AT,
    )
    last = next((row for row in rows if _number(row, stem)), None)
    if last is None:
        return replace(draft, external_id=f"{stem}1")
    if await _repeats(tools, provider, draft, last):
        return replace(draft, external_id=last.external_id)
    return replace(draft, external_id=f"{stem}{_number(last, stem) + 1}")


def _number(signal: Signal, stem: str) -> int:
    """Which of those with this content it is; 0 for one that has a name of its own."""
    name = signal.external_id
    suffix = name.removeprefix(stem) if name.startswith(stem) else ""
    return int(suffix) if suffix.isdecimal() else 0


async def _repeats(
    tools: Tools, provider: Provider, draft: Draft, last: Signal
) -> bool:
    """Whether it is ``last`` again: within its candle, with nothing opened since."""
    window = max((draft.timeframe or Timeframe.M15).span, SHORTEST_WINDOW)
    if tools.clock.now() >= last.created_at + window:
        return False
    if draft.action is not Action.CLOSE:
        return True
    opened = await tools.journal.find(
        Signal,
        provider=provider.id,
        instrument=last.instrument,
        side=last.side,
        action=Action.OPEN,
        order_by="-created_at",
        limit=1,
    )
    return not opened or opened[0].created_at <= last.created_at
