"""A provider that asks too much waits: its own prompts do, never the others'.

the first few of a minute   asked at once
up to the limit             asked too, after everybody else's
beyond it                   made, but held until the person says /pending
while it is muted           not made; what was not delivered yet is held

A minute is the clock's. Who has prompts held is told once, when it is over; who may
mute the provider is told once an hour, at once.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.access import may_manage
from core.desk.tools import Tools, again
from core.ids import AccountId, PromptId, ProviderName, UserId
from core.messages import NoticeKind, OutboxItem, Priority, Topic
from core.ports import AtMost, Insert, Save, Write
from core.prompts import UNDECIDED, Prompt, PromptState
from core.signals import Action, Signal
from core.users import Membership, Provider, Role

MINUTE = timedelta(minutes=1)
FEW = 3
"""As many signals of one minute as nobody calls a flood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How a signal's prompts come to people."""

    held: bool
    priority: Priority


async def place_of(tools: Tools, signal: Signal) -> Place:
    """By how many open signals of its provider came before it in its minute.

    The answer is the same whenever, and however often, it is asked.
    """
    most = tools.choices.prompts_per_minute
    before = await _before(tools, signal, most or FEW)
    return Place(
        held=0 < most <= before,
        priority=Priority.BUSY if before >= FEW else Priority.PROMPT,
    )


async def _before(tools: Tools, signal: Signal, most: int) -> int:
    """How many came before it in its minute; those beyond ``most`` do not matter."""
    latest = await tools.journal.find(
        Signal,
        provider=signal.provider,
        action=Action.OPEN,
        created_at=AtMost(value=signal.created_at),
        order_by="-created_at",
        limit=most + 1,
    )
    began = minute_of(signal)
    return sum(
        each.created_at >= began
        and (each.created_at, each.id) < (signal.created_at, signal.id)
        for each in latest
    )


def minute_of(signal: Signal) -> datetime:
    """The minute in which it came."""
    return signal.created_at.replace(second=0, microsecond=0)


def is_muted(provider: Provider, now: datetime) -> bool:
    """Whether nobody is asked about its signals now."""
    return provider.muted_until is not None and now < provider.muted_until


# ------------------------------------------------------------------ telling


async def held_notices(
    tools: Tools, signal: Signal, account_id: AccountId, people: list[UserId]
) -> list[Write]:
    """Tell these people, whose prompts are held, and who administers the account."""
    minute = minute_of(signal)
    told = [
        _notice(tools, NoticeKind.PROMPTS_HELD, signal.provider, user, minute)
        for user in people
    ]
    told = [replace(each, due_at=minute + MINUTE) for each in told]
    hour = minute.replace(minute=0)
    told += [
        _notice(tools, NoticeKind.PROVIDER_FLOODS, signal.provider, user, hour)
        for user in await _managers(tools, account_id)
    ]
    return [
        Insert(each)
        for each in told
        if await tools.journal.get(OutboxItem, each.id) is None
    ]


async def _managers(tools: Tools, account_id: AccountId) -> list[UserId]:
    """The account's admins, and every owner."""
    owners = await tools.journal.find(Membership, role=Role.OWNER)
    admins = [each for each in await tools.concerned(account_id) if may_manage(each)]
    return sorted({each.user_id for each in (*owners, *admins)})


def _notice(
    tools: Tools, kind: NoticeKind, name: ProviderName, user: UserId, since: datetime
) -> OutboxItem:
    """One for each person, provider and time; its id tells whoever comes next."""
    item = tools.outbox_item(Topic.NOTICE, name, Priority.PROMPT)
    identity = f"{kind}:{name}:{user}:{since:%Y-%m-%dT%H:%M}"
    return replace(item, id=identity, notice=kind, user_id=user)


# ------------------------------------------------------------------ holding


async def held_prompts(tools: Tools, user_id: UserId) -> list[Prompt]:
    """What is held for a person and may be shown now, the most urgent first."""
    now = tools.clock.now()
    prompts = await tools.journal.find(
        Prompt, user_id=user_id, held=True, state=UNDECIDED, order_by="expires_at"
    )
    wanted = frozenset(each.signal_id for each in prompts)
    signals = await tools.journal.find(Signal, id=wanted) if wanted else []
    muted = {
        each.id for each in await tools.journal.find(Provider) if is_muted(each, now)
    }
    silent = {each.id for each in signals if each.provider in muted}
    return [
        each
        for each in prompts
        if each.expires_at > now and each.signal_id not in silent
    ]


async def held_signals(tools: Tools, user_id: UserId, provider: ProviderName) -> int:
    """How many signals of a provider are held for a person."""
    waiting = await held_prompts(tools, user_id)
    wanted = frozenset(each.signal_id for each in waiting)
    return await tools.journal.count(Signal, id=wanted, provider=provider)


async def stays_out(tools: Tools, prompt_id: PromptId) -> bool:
    """Whether a prompt that is in no chat is not to be sent into one now.

    An undecided one of a provider that is muted is held from here on. An approval is
    shown whatever became of its provider.
    """
    return await again(lambda: _stays_out(tools, prompt_id))


async def _stays_out(tools: Tools, prompt_id: PromptId) -> bool:
    prompt = await tools.journal.get(Prompt, prompt_id)
    if prompt is None or prompt.state is PromptState.APPROVED:
        return False
    if prompt.held:
        return True
    signal = await tools.journal.get(Signal, prompt.signal_id)
    provider = await tools.journal.get(Provider, signal.provider) if signal else None
    if provider is None or not is_muted(provider, tools.clock.now()):
        return False
    if prompt.state in UNDECIDED:
        await tools.journal.commit(Save(replace(prompt, held=True)))
    return True
