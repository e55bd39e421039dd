"""A signal's message in a group: made with the prompts, and what a tap on it does.

The message belongs to nobody. A tap on it leads to the prompt that the tapper was
sent, and goes on as if it were on that: the same right, the same numbers of now, the
same questions, which are asked in the person's own chat. Who was sent none decides
nothing, and is told why.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from core.access import may_decide, refusal
from core.accounts import Account
from core.desk import deciding
from core.desk.absence import why_out
from core.desk.taps import OUTDATED, Reply, Tap
from core.desk.tools import Tools, again, by_user
from core.groups import NO_TOPIC, GroupChat, Posting
from core.ids import PostingId
from core.messages import Priority, Topic
from core.ports import Insert, Record, Save, Write
from core.prompts import UNDECIDED, Prompt, PromptState
from core.signals import Signal

ASKED_THERE = "It waits for your Confirm in your own chat with the bot: tap there."
TERMS_THERE = (
    "Please agree to the terms first: they are in your own chat with the bot. Then tap "
    "here again."
)
NOT_ASKED = (
    "You were not asked about this signal: you joined, or chose its provider, later. "
    "The next one is sent to you."
)


# ------------------------------------------------------------------ made
async def postings_of(
    tools: Tools,
    signal: Signal,
    prompts: Sequence[Prompt],
    priority: Priority,
    due: datetime,
) -> list[Write]:
    """A message for each group that shows the account's signals of this provider.

    It leaves before the prompts, for a group is many at once. What was sent to one
    person alone, or asks nobody, is shown in no group.
    """
    asks = any(not each.viewer and each.state in UNDECIDED for each in prompts)
    if signal.user_id is not None or not asks:
        return []
    groups = await tools.journal.find(
        GroupChat,
        account_id=prompts[0].account_id,
        enabled=True,
        order_by="created_at",
    )
    places = {
        (each.chat_id, each.topic_id): each
        for each in groups
        if each.shows(signal.provider)
    }
    return [
        write
        for group in places.values()
        for write in _posting(tools, signal, group, priority, due)
    ]


def _posting(
    tools: Tools, signal: Signal, group: GroupChat, priority: Priority, due: datetime
) -> tuple[Write, Write]:
    row = Posting(
        id=PostingId(tools.ids.identity()),
        signal_id=signal.id,
        account_id=group.account_id,
        group_id=group.id,
        chat_id=group.chat_id,
        topic_id=group.topic_id,
        message_id=None,
        nonce=tools.ids.nonce(),
        created_at=tools.clock.now(),
    )
    item = tools.outbox_item(Topic.POSTING, row.id, priority)
    return Insert(row), Insert(replace(item, due_at=due))


def is_wanted(asked: Iterable[Prompt], now: datetime) -> bool:
    """Whether a message that is in no group yet is still to be sent.

    What ended without an approval is not.
    """
    return any(
        each.state is PromptState.APPROVED
        or (each.state in UNDECIDED and each.expires_at > now)
        for each in asked
    )


# ------------------------------------------------------------------ its message
async def posted(tools: Tools, posting_id: PostingId, message_id: int) -> None:
    """Remember the message, unless one is known already."""
    await again(lambda: _posted(tools, posting_id, message_id))


async def _posted(tools: Tools, posting_id: PostingId, message_id: int) -> None:
    posting = await tools.journal.get(Posting, posting_id)
    if posting is not None and posting.message_id is None:
        await tools.journal.commit(Save(replace(posting, message_id=message_id)))


async def without_topic(tools: Tools, posting_id: PostingId) -> bool:
    """The topic is gone: the message goes into the group itself.

    ``False``: the signal has a message there already.
    """
    return await again(lambda: _without_topic(tools, posting_id))


async def _without_topic(tools: Tools, posting_id: PostingId) -> bool:
    posting = await tools.journal.get(Posting, posting_id)
    if posting is None or posting.topic_id == NO_TOPIC:
        return False
    there = await tools.journal.count(
        Posting,
        signal_id=posting.signal_id,
        account_id=posting.account_id,
        chat_id=posting.chat_id,
        topic_id=NO_TOPIC,
    )
    if there:
        return False
    await tools.journal.commit(Save(replace(posting, topic_id=NO_TOPIC)))
    return True


# ------------------------------------------------------------------ a tap
async def approve_here(tools: Tools, tap: Tap) -> Reply:
    """Approve one's own prompt; what is to be confirmed is asked in one's own chat."""
    return await _led(tools, tap, deciding.approve)


async def reject_here(tools: Tools, tap: Tap) -> Reply:
    """Reject one's own prompt."""
    return await _led(tools, tap, deciding.reject)


async def _led(
    tools: Tools, tap: Tap, decide: Callable[[Tools, Tap], Awaitable[Reply]]
) -> Reply:
    prompt = await prompt_of_tapper(tools, tap)
    if isinstance(prompt, Reply):
        return prompt
    reply = await decide(tools, replace(tap, nonce=prompt.nonce))
    if reply.consent_needed:
        return replace(reply, text=TERMS_THERE)
    if reply.text == OUTDATED.text:
        return Reply(text=ASKED_THERE, alert=True, prompt=prompt)
    if reply.prompt is not None and reply.prompt.state is PromptState.CONFIRMING:
        text = f"Confirm it in your own chat with the bot: {reply.text}"
        return replace(reply, text=text, alert=True)
    return reply


async def prompt_of_tapper(
    tools: Tools, tap: Tap, *, looking: bool = False
) -> Prompt | Reply:
    """The prompt that whoever taps was sent; else why there is none.

    ``looking`` is enough for a viewer's. A tap without the right is written down.
    """
    found = await tools.journal.find(Posting, nonce=tap.nonce)
    account = await tools.journal.get(Account, found[0].account_id) if found else None
    if account is None:
        return OUTDATED
    posting = found[0]
    own = await tools.journal.find(
        Prompt,
        signal_id=posting.signal_id,
        account_id=posting.account_id,
        user_id=tap.user_id,
        order_by="-attempt",
        limit=1,
    )
    if own and (looking or not own[0].viewer):
        await _adopt(tools, posting, tap)
        return own[0]
    return Reply(text=await _why_none(tools, posting, account, tap), alert=True)


async def _why_none(tools: Tools, posting: Posting, account: Account, tap: Tap) -> str:
    mine = await tools.members(user_id=tap.user_id, account_id=account.id)
    membership = mine[0] if mine else None
    if may_decide(account, membership):
        return NOT_ASKED
    record = Record(
        actor=by_user(tap.user_id),
        action="tap_refused",
        subject=f"posting:{posting.id}",
        detail={"update": str(tap.update_id)},
    )
    await tools.journal.commit(record)
    since = "" if membership else await why_out(tools, tap.user_id, account.id)
    return since or refusal(account, membership)


async def _adopt(tools: Tools, posting: Posting, tap: Tap) -> None:
    """What was tapped by one who was asked is the message, where none is known."""
    if posting.message_id is None and posting.chat_id == tap.chat_id:
        await posted(tools, posting.id, tap.message_id)
