"""Who taps, on what, and whether they may: before anything is decided.

A tap is authorised by its numeric id against the prompt that the nonce names. What
nobody can decide any more is answered here too, with who ended it and when.
"""

from dataclasses import dataclass, replace

from core.access import may_decide, refusal
from core.accounts import Account
from core.clock import in_words
from core.desk.absence import why_out
from core.desk.taps import OUTDATED, Reply, Tap
from core.desk.tools import Tools, by_user
from core.messages import Priority, Topic
from core.moves import follow
from core.ports import Record, Save
from core.prompts import PROMPT_MOVES, UNDECIDED, Prompt, PromptEvent, PromptState
from core.signals import Signal
from core.standing import StandingRule
from core.users import Membership, User

EXPIRED = (
    "Too late: this signal has expired, nothing was sent. The next one gets a prompt "
    "of its own."
)
WITHDRAWN = (
    "Too late: the provider has withdrawn this signal, nothing was sent. The next one "
    "gets a prompt of its own."
)
_PAST = {
    PromptState.APPROVED: "approved",
    PromptState.REJECTED: "rejected",
    PromptState.EXPIRED: "expired",
    PromptState.CANCELLED: "withdrawn by the provider",
    PromptState.SUPERSEDED: "decided by somebody else",
    PromptState.REFUSED: "refused",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A tap with everything it is about."""

    tap: Tap
    prompt: Prompt
    signal: Signal
    account: Account
    membership: Membership
    user: User
    standing: StandingRule | None = None
    """The rule that approves in the user's name; its tap is the one that granted it."""
    number: int | None = None
    """Which of the rule's today this would be."""


async def case_of(tools: Tools, tap: Tap) -> Case | Reply:
    """Who taps, on what, and whether they may; else the answer to give."""
    journal = tools.journal
    rows = await journal.find(Prompt, nonce=tap.nonce)
    if not rows:
        return OUTDATED
    prompt = rows[0]
    account = await journal.get(Account, prompt.account_id)
    signal = await journal.get(Signal, prompt.signal_id)
    user = await journal.get(User, tap.user_id)
    if account is None or signal is None:
        return OUTDATED
    mine = await tools.members(user_id=tap.user_id, account_id=prompt.account_id)
    membership = mine[0] if mine else None
    allowed = prompt.user_id == tap.user_id and may_decide(account, membership)
    if membership is None or user is None or not allowed:
        await journal.commit(_intrusion(tap, prompt))
        text = await _no_right(tools, account, membership, prompt, tap)
        return Reply(text=text, alert=True)
    over = await _over(tools, prompt, signal, tap)
    return over or Case(
        tap=tap,
        prompt=prompt,
        signal=signal,
        account=account,
        membership=membership,
        user=user,
    )


def moved(prompt: Prompt, event: PromptEvent) -> Prompt:
    """The prompt after ``event``; whatever happens to it, it sleeps no longer."""
    state = follow(PROMPT_MOVES, prompt.state, event)
    return replace(prompt, state=state, snoozed_until=None)


async def _over(tools: Tools, prompt: Prompt, signal: Signal, tap: Tap) -> Reply | None:
    """The answer to a tap on what nobody can decide any more."""
    if prompt.state not in UNDECIDED:
        return await _too_late(tools, prompt, tap)
    if signal.cancelled_at is not None:
        return await _end(tools, prompt, PromptEvent.CANCEL, WITHDRAWN)
    if prompt.expires_at <= tools.clock.now():
        return await _end(tools, prompt, PromptEvent.EXPIRE, EXPIRED)
    return None


async def _no_right(
    tools: Tools,
    account: Account,
    membership: Membership | None,
    prompt: Prompt,
    tap: Tap,
) -> str:
    if prompt.user_id != tap.user_id:
        return "This prompt was made for somebody else; only they can answer it."
    since = "" if membership else await why_out(tools, tap.user_id, account.id)
    return since or refusal(account, membership)


def _intrusion(tap: Tap, prompt: Prompt) -> Record:
    return Record(
        actor=by_user(tap.user_id),
        action="tap_refused",
        subject=f"prompt:{prompt.id}",
        detail={"update": str(tap.update_id)},
    )


async def _too_late(tools: Tools, prompt: Prompt, tap: Tap) -> Reply:
    """Who decided and when; quiet for the one who did. The message is redrawn."""
    await tools.journal.commit(tools.item(Topic.PROMPT, prompt.id, Priority.TAP))
    what = _PAST[prompt.state]
    if prompt.decided_by is None or prompt.decided_at is None:
        text = f"Already {what}; the message shows why."
        return Reply(text=text, alert=True, prompt=prompt)
    if prompt.state is PromptState.SUPERSEDED:
        what = "decided"
    decider = await tools.journal.get(User, prompt.decided_by)
    name = (decider.name if decider else "") or "somebody"
    since = in_words(tools.clock.now() - prompt.decided_at)
    at = prompt.decided_at.strftime("%H:%M:%S UTC")
    text = f"Already {what} by {name} at {at}, {since} ago."
    return Reply(text=text, alert=prompt.decided_by != tap.user_id, prompt=prompt)


async def _end(tools: Tools, prompt: Prompt, event: PromptEvent, why: str) -> Reply:
    """A prompt that is over, although nobody had written it down yet."""
    gone = moved(prompt, event)
    await tools.journal.commit(
        Save(gone), tools.item(Topic.PROMPT, prompt.id, Priority.TAP)
    )
    return Reply(text=why, alert=True, prompt=gone)
