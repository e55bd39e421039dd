"""A tap becomes a decision, and an approval becomes one order.

Everything is looked at again at the tap: who taps, whether the prompt is still
open, the price, the account, the guard. What is decided is written by ``settling``,
one of two approvals by ``seconding``.
"""

from dataclasses import replace
from datetime import timedelta

from core.desk.authorising import Case, case_of, moved
from core.desk.offering import Obstacle, offer
from core.desk.questions import Question, drift_since, question
from core.desk.seconding import First, first_of, needs_second, seconded, wait, withdraw
from core.desk.settling import keep_approval, others, record, settle
from core.desk.taps import OUTDATED, Reply, Tap
from core.desk.tools import Tools, again, by_user
from core.drift import Drift
from core.messages import Priority, Topic
from core.money import plain
from core.ports import Record, Save
from core.prompts import (
    Decision,
    Offer,
    Prompt,
    PromptEvent,
    PromptState,
    with_offer,
)

CONFIRM_FOR = timedelta(seconds=30)
"""How long the numbers of a Confirm stand."""


async def approve(tools: Tools, tap: Tap, *, confirmed: bool = False) -> Reply:
    """Approve the prompt; ``confirmed`` when the tap was on Confirm."""
    return await again(lambda: _approve(tools, tap, confirmed=confirmed))


async def reject(tools: Tools, tap: Tap) -> Reply:
    """Reject the prompt at once: the safe side asks no question."""
    return await again(lambda: _reject(tools, tap))


async def back(tools: Tools, tap: Tap) -> Reply:
    """From Confirm back to the question; or take back the first of two approvals."""
    return await again(lambda: _back(tools, tap))


async def _approve(tools: Tools, tap: Tap, *, confirmed: bool) -> Reply:
    case = await case_of(tools, tap)
    if isinstance(case, Reply):
        return case
    state = case.prompt.state
    if state is PromptState.AWAITING_SECOND:
        return Reply(text=YOURS_IS_IN, alert=True, prompt=case.prompt)
    if confirmed is not (state is PromptState.CONFIRMING):
        return OUTDATED
    if case.user.consent_version != tools.choices.consent.version:
        text = "Please agree to the terms first; then tap again."
        return Reply(text=text, alert=True, consent_needed=True, prompt=case.prompt)
    return await _at_the_numbers_of_now(tools, case)


YOURS_IS_IN = (
    "You have approved already: a second, different person must approve too. Back "
    "takes yours back."
)


async def _at_the_numbers_of_now(tools: Tools, case: Case) -> Reply:
    first = await first_of(tools, case.prompt, case.account)
    seen = [case.prompt, *([first.prompt] if first else [])]
    lots = [each.lots for each in seen if each.lots is not None]
    at_most = min(lots, default=None)
    found = await offer(tools, case.account, case.signal, at_most=at_most)
    if isinstance(found, Obstacle):
        return await _stopped(tools, case, found)
    rules, now = tools.choices.rules[case.account.id], tools.clock.now()
    price = None if first is None else first.prompt.price
    asked = question(case, rules, found, now, first_price=price)
    if asked:
        return await _ask(tools, case, found, asked)
    if first is None and needs_second(case, rules, found):
        return await wait(tools, case, found)
    return await _decide(tools, case, found, first)


async def _decide(tools: Tools, case: Case, found: Offer, first: First | None) -> Reply:
    drift = drift_since(case, found, case.prompt.price)
    backing = None if first is None else await seconded(tools, first)
    decided = await settle(tools, case, found, drift, backing=backing)
    text = f"Approved, sending {plain(found.lots)} lots…"
    if drift.points:
        text = (
            f"Approved at {found.price:f}, {_in_words(drift)} worse than shown: "
            f"sending {plain(found.lots)} lots…"
        )
    return Reply(text=text, prompt=decided)


def _in_words(drift: Drift) -> str:
    """Without a stop there is no R."""
    points = f"{plain(drift.points)} points"
    return f"{plain(round(drift.r, 2))} R ({points})" if drift.r else points


async def _stopped(tools: Tools, case: Case, obstacle: Obstacle) -> Reply:
    """A passing obstacle leaves the prompt open; a final one ends it."""
    if obstacle.passing:
        text = f"{obstacle.reason} The prompt stays open: tap again later."
        return Reply(text=text, alert=True, prompt=case.prompt)
    gone = replace(moved(case.prompt, PromptEvent.REFUSE), reason=obstacle.reason)
    await tools.journal.commit(
        Save(gone),
        tools.item(Topic.PROMPT, gone.id, Priority.TAP),
        Record(
            actor=by_user(case.tap.user_id),
            action="approve_refused",
            subject=f"prompt:{gone.id}",
            detail={"reason": obstacle.reason},
        ),
    )
    text = f"{obstacle.reason} Nothing was ordered."
    return Reply(text=text, alert=True, prompt=gone)


async def _ask(tools: Tools, case: Case, found: Offer, asked: Question) -> Reply:
    shown = replace(
        with_offer(moved(case.prompt, PromptEvent.ASK), found),
        nonce=tools.ids.nonce(),
        reason=asked.text,
        drift_r=round(asked.drift.r, 2) if asked.drift else None,
        drift_points=asked.drift.points if asked.drift else None,
        confirm_until=tools.clock.now() + CONFIRM_FOR,
    )
    await tools.journal.commit(
        Save(shown), tools.item(Topic.PROMPT, shown.id, Priority.TAP)
    )
    return Reply(text=asked.text, prompt=shown)


async def _back(tools: Tools, tap: Tap) -> Reply:
    case = await case_of(tools, tap)
    if isinstance(case, Reply):
        return case
    if case.prompt.state not in (PromptState.CONFIRMING, PromptState.AWAITING_SECOND):
        return OUTDATED
    shown = back_to_question(tools, case.prompt)
    if case.prompt.state is PromptState.AWAITING_SECOND:
        return await withdraw(tools, case, shown)
    await tools.journal.commit(
        Save(shown), tools.item(Topic.PROMPT, shown.id, Priority.TAP)
    )
    return Reply(text="Nothing was ordered.", prompt=shown)


def back_to_question(tools: Tools, prompt: Prompt) -> Prompt:
    """A prompt that waits for Confirm no longer; its old buttons are void."""
    return replace(
        moved(prompt, PromptEvent.BACK),
        nonce=tools.ids.nonce(),
        reason="",
        drift_r=None,
        drift_points=None,
        confirm_until=None,
    )


async def _reject(tools: Tools, tap: Tap) -> Reply:
    case = await case_of(tools, tap)
    if isinstance(case, Reply):
        return case
    approval, kept = await keep_approval(tools, case, Decision.REJECT, None)
    decided = replace(
        moved(case.prompt, PromptEvent.REJECT),
        reason="",
        decided_by=tap.user_id,
        decided_at=tools.clock.now(),
    )
    waited = case.prompt.state is PromptState.AWAITING_SECOND
    told = await others(tools, case.prompt) if waited else []
    await tools.journal.commit(
        Save(decided),
        kept,
        tools.item(Topic.PROMPT, decided.id, Priority.TAP),
        *[tools.item(Topic.PROMPT, each.id, Priority.EDIT) for each in told],
        record(case, approval, {}),
    )
    return Reply(text="Rejected. Nothing was ordered.", prompt=decided)
