"""A provider's signal comes in.

new            stored with its outbox item and audit entry, in one transaction
same again     the receipt of the first
conflict       the same external_id or webhook-id with other content
refused        a rule says no; nothing is stored

An alert from TradingView may come without a name of its own. Then the same content
within one candle (a minute at least) of the first is the same signal.
"""

from dataclasses import replace
from datetime import timedelta

from core.desk.following import follow_up
from core.desk.people import People
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
from core.ports import Insert
from core.signals import Action, Signal
from core.users import Provider

SHORTEST_WINDOW = timedelta(seconds=60)
_LOOKED_AT = 20


async def submit(
    tools: Tools, rules: IntakeRules, people: People, provider: Provider, draft: Draft
) -> Submission:
    """Take one validated draft; what was answered is durable."""
    if draft.external_id is None:
        draft = await _named(tools, provider, draft)
    if draft.action is not Action.OPEN:
        return await follow_up(tools, rules, provider, draft)
    reached = people.reached(provider.id)
    if draft.user_id is not None:
        reached = tuple(each for each in reached if each.user.id == draft.user_id)
        if not reached:
            known = await known_already(tools, provider, draft)
            return known or refused("user", "subscribes to none of your signals")
    signal = signal_of(tools, rules, provider, draft, len(reached))
    propose = tools.item(Topic.PROPOSE, signal.id, Priority.PROMPT)
    writes = (Insert(signal), propose, entry_of(provider, signal))
    (taken,) = await tools.journal.accept([writes])
    if taken is None:
        return Submission(verdict=Verdict.STORED, signal=signal)
    known = await known_already(tools, provider, draft)
    if known is None:
        raise taken
    return known


async def _named(tools: Tools, provider: Provider, draft: Draft) -> Draft:
    """The draft under a name made of its content: an earlier one's, or the next."""
    content = content_hash(draft)
    stem = f"tv-{content[:32]}-"
    rows = await tools.journal.find(
        Signal,
        provider=provider.id,
        content_hash=content,
        order_by="-created_at",
        limit=_LOOKED_AT,
    )
    earlier = [row for row in rows if row.external_id.removeprefix(stem).isdecimal()]
    if not earlier:
        return replace(draft, external_id=f"{stem}1")
    last = earlier[0]
    window = max((draft.timeframe or Timeframe.M15).span, SHORTEST_WINDOW)
    if tools.clock.now() < last.created_at + window:
        return replace(draft, external_id=last.external_id)
    number = int(last.external_id.removeprefix(stem)) + 1
    return replace(draft, external_id=f"{stem}{number}")
