"""A tap becomes a decision, and an approval becomes one order.

Everything is looked at again at the tap: who taps, whether the prompt is still
open, the price, the account, the guard. The decision and all its consequences
are one transaction under the account's row; whoever loses a race decides again
on what the winner left, and is told who decided.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from core.access import may_decide, refusal
from core.accounts import Account, GuardPhase, GuardState
from core.clock import in_words
from core.desk.offering import Obstacle, offer
from core.desk.prompting import with_offer
from core.desk.questions import Asked, drift_left, question
from core.desk.taps import OUTDATED, Reply, Tap
from core.desk.tools import Tools, again, by_user
from core.ids import ApprovalId, OrderId
from core.market import OrderType
from core.messages import Priority, Topic
from core.money import plain
from core.moves import follow
from core.orders import Cause, Order, OrderKind, OrderState
from core.ports import Expect, Insert, Record, Save, Write
from core.prompts import (
    PROMPT_MOVES,
    UNDECIDED,
    Approval,
    Decision,
    Offer,
    Prompt,
    PromptEvent,
    PromptState,
)
from core.signals import Signal
from core.users import Membership, User

EXPIRED = "Too late: this signal has expired, nothing was sent."
WITHDRAWN = "Too late: the provider has withdrawn this signal, nothing was sent."
CONFIRM_FOR = timedelta(seconds=30)
"""How long the numbers of a Confirm stand."""
_PAST = {
    PromptState.APPROVED: "approved",
    PromptState.REJECTED: "rejected",
    PromptState.EXPIRED: "expired",
    PromptState.CANCELLED: "withdrawn by the provider",
    PromptState.SUPERSEDED: "decided by somebody else",
    PromptState.REFUSED: "refused",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A tap with everything it is about."""

    tap: Tap
    prompt: Prompt
    signal: Signal
    account: Account
    membership: Membership
    user: User


async def approve(tools: Tools, tap: Tap, *, confirmed: bool = False) -> Reply:
    """Approve the prompt; ``confirmed`` when the tap was on Confirm."""
    return await again(lambda: _approve(tools, tap, confirmed=confirmed))


async def reject(tools: Tools, tap: Tap) -> Reply:
    """Reject the prompt at once: the safe side asks no question."""
    return await again(lambda: _reject(tools, tap))


async def back(tools: Tools, tap: Tap) -> Reply:
    """From Confirm back to the question."""
    return await again(lambda: _back(tools, tap))


async def _case(tools: Tools, tap: Tap) -> _Case | Reply:
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
    mine = await journal.find(
        Membership, user_id=tap.user_id, account_id=prompt.account_id
    )
    membership = mine[0] if mine else None
    allowed = prompt.user_id == tap.user_id and may_decide(account, membership)
    if membership is None or user is None or not allowed:
        await journal.commit(_intrusion(tap, prompt))
        return Reply(text=_no_right(account, membership, prompt, tap), alert=True)
    over = await _over(tools, prompt, signal, tap)
    return over or _Case(
        tap=tap,
        prompt=prompt,
        signal=signal,
        account=account,
        membership=membership,
        user=user,
    )


async def _over(tools: Tools, prompt: Prompt, signal: Signal, tap: Tap) -> Reply | None:
    """The answer to a tap on what nobody can decide any more."""
    if prompt.state not in UNDECIDED:
        return await _too_late(tools, prompt, tap)
    if signal.cancelled_at is not None:
        return await _end(tools, prompt, PromptEvent.CANCEL, WITHDRAWN)
    if prompt.expires_at <= tools.clock.now():
        return await _end(tools, prompt, PromptEvent.EXPIRE, EXPIRED)
    return None


def _no_right(
    account: Account, membership: Membership | None, prompt: Prompt, tap: Tap
) -> str:
    if prompt.user_id != tap.user_id:
        return "This prompt was made for somebody else; only they can answer it."
    return refusal(account, membership)


def _intrusion(tap: Tap, prompt: Prompt) -> Record:
    return Record(
        actor=by_user(tap.user_id),
        action="tap_refused",
        subject=f"prompt:{prompt.id}",
        detail={"update": str(tap.update_id)},
    )


async def _too_late(tools: Tools, prompt: Prompt, tap: Tap) -> Reply:
    """Who decided and when; quiet for the one who did. The message is redrawn."""
    await tools.journal.commit(tools.item(Topic.PROMPT, prompt.id, Priority.EDIT))
    what = _PAST[prompt.state]
    if prompt.decided_by is None or prompt.decided_at is None:
        return Reply(text=f"Already {what}.", alert=True, prompt=prompt)
    if prompt.state is PromptState.SUPERSEDED:
        what = "decided"
    decider = await tools.journal.get(User, prompt.decided_by)
    name = decider.name if decider else "somebody"
    since = in_words(tools.clock.now() - prompt.decided_at)
    at = prompt.decided_at.strftime("%H:%M:%S UTC")
    text = f"Already {what} by {name} at {at}, {since} ago."
    return Reply(text=text, alert=prompt.decided_by != tap.user_id, prompt=prompt)


async def _end(tools: Tools, prompt: Prompt, event: PromptEvent, why: str) -> Reply:
    """A prompt that is over, although nobody had written it down yet."""
    gone = _moved(prompt, event)
    await tools.journal.commit(
        Save(gone), tools.item(Topic.PROMPT, prompt.id, Priority.EDIT)
    )
    return Reply(text=why, alert=True, prompt=gone)


def _moved(prompt: Prompt, event: PromptEvent) -> Prompt:
    return replace(prompt, state=follow(PROMPT_MOVES, prompt.state, event))


async def _approve(tools: Tools, tap: Tap, *, confirmed: bool) -> Reply:
    case = await _case(tools, tap)
    if isinstance(case, Reply):
        return case
    if confirmed is not (case.prompt.state is PromptState.CONFIRMING):
        return OUTDATED
    if case.user.consent_version != tools.choices.consent.version:
        text = "Please agree to the terms first; then tap again."
        return Reply(text=text, alert=True, consent_needed=True, prompt=case.prompt)
    found = await offer(tools, case.account, case.signal, at_most=case.prompt.lots)
    if isinstance(found, Obstacle):
        return await _stopped(tools, case, found)
    asked = question(_asked(tools, case, confirmed=confirmed), found)
    if asked:
        return await _ask(tools, case, found, asked)
    return await _decide(tools, case, found)


async def _stopped(tools: Tools, case: _Case, obstacle: Obstacle) -> Reply:
    """A passing obstacle leaves the prompt open; a final one ends it."""
    if obstacle.passing:
        text = f"{obstacle.reason} The prompt stays open."
        return Reply(text=text, alert=True, prompt=case.prompt)
    gone = replace(_moved(case.prompt, PromptEvent.REFUSE), reason=obstacle.reason)
    await tools.journal.commit(
        Save(gone),
        tools.item(Topic.PROMPT, gone.id, Priority.EDIT),
        Record(
            actor=by_user(case.tap.user_id),
            action="approve_refused",
            subject=f"prompt:{gone.id}",
            detail={"reason": obstacle.reason},
        ),
    )
    text = f"{obstacle.reason} Nothing was ordered."
    return Reply(text=text, alert=True, prompt=gone)


def _asked(tools: Tools, case: _Case, *, confirmed: bool) -> Asked:
    return Asked(
        prompt=case.prompt,
        signal=case.signal,
        account=case.account,
        rules=tools.choices.rules[case.account.id],
        confirmed=confirmed,
        now=tools.clock.now(),
    )


async def _ask(tools: Tools, case: _Case, found: Offer, question: str) -> Reply:
    asked = replace(
        with_offer(_moved(case.prompt, PromptEvent.ASK), found),
        nonce=tools.ids.nonce(),
        reason=question,
        confirm_until=tools.clock.now() + CONFIRM_FOR,
    )
    await tools.journal.commit(
        Save(asked), tools.item(Topic.PROMPT, asked.id, Priority.FILL)
    )
    return Reply(text=question, prompt=asked)


async def _back(tools: Tools, tap: Tap) -> Reply:
    case = await _case(tools, tap)
    if isinstance(case, Reply):
        return case
    if case.prompt.state is not PromptState.CONFIRMING:
        return OUTDATED
    shown = back_to_question(tools, case.prompt)
    await tools.journal.commit(
        Save(shown), tools.item(Topic.PROMPT, shown.id, Priority.FILL)
    )
    return Reply(text="Nothing was ordered.", prompt=shown)


def back_to_question(tools: Tools, prompt: Prompt) -> Prompt:
    """A prompt that waits for Confirm no longer; its old buttons are void."""
    return replace(
        _moved(prompt, PromptEvent.BACK),
        nonce=tools.ids.nonce(),
        reason="",
        confirm_until=None,
    )


async def _decide(tools: Tools, case: _Case, found: Offer) -> Reply:
    """The compare-and-swap: approval, order and consequences, or nothing."""
    now = tools.clock.now()
    approval = _approval(tools, case, Decision.APPROVE, found)
    decided = replace(
        with_offer(_moved(case.prompt, PromptEvent.APPROVE), found),
        decided_by=case.tap.user_id,
        decided_at=now,
    )
    order = _order(tools, case, found, approval)
    await tools.journal.commit(
        Expect(Signal, case.signal.id, {"cancelled_at": None}),
        Expect(GuardState, case.account.id, {"phase": GuardPhase.ARMED}),
        Expect(Membership, case.membership.id, {"role": case.membership.role}),
        Save(case.account),
        Save(decided),
        Insert(approval),
        Insert(order),
        *await _supersede(tools, decided),
        tools.item(Topic.EXECUTE, order.id, Priority.FILL),
        tools.item(Topic.PROMPT, decided.id, Priority.FILL),
        _record(case, approval, {"order": order.id, "lots": plain(found.lots)}),
    )
    return Reply(text=f"Approved, sending {plain(found.lots)} lots…", prompt=decided)


def _approval(
    tools: Tools, case: _Case, decision: Decision, found: Offer | None
) -> Approval:
    return Approval(
        id=ApprovalId(tools.ids.identity()),
        signal_id=case.signal.id,
        prompt_id=case.prompt.id,
        user_id=case.tap.user_id,
        account_id=case.account.id,
        decision=decision,
        consent_version=case.user.consent_version,
        consent_hash=case.user.consent_hash,
        reason=None,
        reason_asked_at=None,
        price=found.price if found else case.prompt.price,
        lots=found.lots if found else case.prompt.lots,
        update_id=case.tap.update_id,
        created_at=tools.clock.now(),
    )


def _order(tools: Tools, case: _Case, found: Offer, approval: Approval) -> Order:
    now = tools.clock.now()
    signal = case.signal
    pending = signal.order_type is not OrderType.MARKET
    return Order(
        id=OrderId(tools.ids.identity()),
        account_id=case.account.id,
        signal_id=signal.id,
        prompt_id=case.prompt.id,
        approval_id=approval.id,
        trade_id=None,
        kind=OrderKind.OPEN,
        attempt=case.prompt.attempt,
        cause=Cause.TAP,
        user_id=case.tap.user_id,
        state=OrderState.QUEUED,
        reason="",
        instrument=signal.instrument,
        side=signal.side,
        order_type=signal.order_type,
        volume=found.lots,
        price=found.price,
        deviation=drift_left(_asked(tools, case, confirmed=True), found),
        stop_loss=signal.stop_loss,
        take_profit=signal.take_profit,
        risk_money=found.risk_money,
        ticket=None,
        position_id=None,
        filled_volume=None,
        filled_price=None,
        expires_at=signal.expires_at if pending else None,
        created_at=now,
        updated_at=now,
    )


async def _supersede(tools: Tools, decided: Prompt) -> list[Write]:
    """The other prompts of the same signal on the same account, viewers' too."""
    writes: list[Write] = []
    for other in await tools.journal.find(
        Prompt,
        signal_id=decided.signal_id,
        account_id=decided.account_id,
        state=UNDECIDED,
    ):
        if other.id != decided.id:
            gone = replace(
                _moved(other, PromptEvent.SUPERSEDE),
                decided_by=decided.decided_by,
                decided_at=decided.decided_at,
            )
            writes += [
                Save(gone),
                tools.item(Topic.PROMPT, gone.id, Priority.EDIT),
            ]
    return writes


def _record(case: _Case, approval: Approval, more: dict[str, str]) -> Record:
    return Record(
        actor=by_user(case.tap.user_id),
        action=f"prompt_{approval.decision}",
        subject=f"prompt:{case.prompt.id}",
        detail={
            "approval": approval.id,
            "consent": approval.consent_hash,
            "price": "" if approval.price is None else plain(approval.price),
            "update": str(case.tap.update_id),
            **more,
        },
    )


async def _reject(tools: Tools, tap: Tap) -> Reply:
    case = await _case(tools, tap)
    if isinstance(case, Reply):
        return case
    approval = _approval(tools, case, Decision.REJECT, None)
    decided = replace(
        _moved(case.prompt, PromptEvent.REJECT),
        reason="",
        decided_by=tap.user_id,
        decided_at=tools.clock.now(),
    )
    await tools.journal.commit(
        Save(decided),
        Insert(approval),
        tools.item(Topic.PROMPT, decided.id, Priority.FILL),
        _record(case, approval, {}),
    )
    return Reply(text="Rejected. Nothing was ordered.", prompt=decided)
