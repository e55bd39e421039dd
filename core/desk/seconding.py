"""Two different people for one order, where a desk's risk is above its threshold.

The first Approve orders nothing: its prompt waits, and the others' say so. The next
Approve by somebody else, at numbers fetched anew, decides for both. Two first ones
at the same moment meet at the account's row; the later is the second. The first may
be taken back until then, and ends with the prompt. Whoever may not decide any more
does not count as the first.
"""

from dataclasses import dataclass, replace

from core.access import may_decide
from core.accounts import Account, AccountKind, RiskRules
from core.desk.authorising import Case, moved
from core.desk.settling import Backing, keep_approval, others, record, still_so
from core.desk.taps import Reply
from core.desk.tools import Tools
from core.messages import Priority, Topic
from core.money import plain
from core.ports import Expect, Insert, Save
from core.prompts import (
    Approval,
    Decision,
    Offer,
    Prompt,
    PromptEvent,
    PromptState,
    with_offer,
)
from core.users import Membership


def needs_second(case: Case, rules: RiskRules, found: Offer) -> bool:
    """Whether one person is not enough; a risk without a stop has no bound at all."""
    threshold = rules.second_above_risk_percent
    if not threshold or case.account.kind is not AccountKind.DESK:
        return False
    return case.signal.stop_loss is None or found.risk_percent > threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """Who has approved and waits for somebody else."""

    prompt: Prompt
    membership: Membership


async def first_of(tools: Tools, prompt: Prompt, account: Account) -> First | None:
    """Who else has approved the same, and may decide still."""
    if account.kind is not AccountKind.DESK:
        return None
    for waiting in await tools.journal.find(
        Prompt,
        signal_id=prompt.signal_id,
        account_id=prompt.account_id,
        state=PromptState.AWAITING_SECOND,
    ):
        for member in await tools.members(
            user_id=waiting.user_id, account_id=waiting.account_id
        ):
            if waiting.user_id != prompt.user_id and may_decide(account, member):
                return First(prompt=waiting, membership=member)
    return None


async def seconded(tools: Tools, first: First) -> Backing:
    """The first approval; whoever takes it back meanwhile makes the second wait."""
    prompt, member = first.prompt, first.membership
    (approval,) = await tools.journal.find(
        Approval, prompt_id=prompt.id, user_id=prompt.user_id
    )
    waits = {"state": PromptState.AWAITING_SECOND, "version": prompt.version}
    return Backing(
        approval=approval,
        expected=(
            Expect(Prompt, prompt.id, waits),
            Expect(Membership, member.id, {"role": member.role}),
        ),
    )


async def wait(tools: Tools, case: Case, found: Offer) -> Reply:
    """The first of two approvals: kept, and nothing ordered."""
    approval, kept = await keep_approval(tools, case, Decision.FIRST, found)
    waiting = replace(
        with_offer(moved(case.prompt, PromptEvent.SECOND), found),
        nonce=tools.ids.nonce(),
        confirm_until=None,
    )
    asked = await _asked(tools, waiting)
    await tools.journal.commit(
        *still_so(case),
        Save(case.account),
        Save(waiting),
        kept,
        tools.item(Topic.PROMPT, waiting.id, Priority.TAP),
        *_redrawn(tools, asked),
        record(case, approval, {"lots": plain(found.lots)}),
    )
    return Reply(text=SECOND_WANTED if asked else NOBODY_ELSE, prompt=waiting)


SECOND_WANTED = (
    "Your approval is in. A second, different person must approve too; nothing is "
    "ordered before."
)
NOBODY_ELSE = (
    "Your approval is in, but nobody else is asked now: a second, different person "
    "must approve too, or nothing is ordered."
)


async def withdraw(tools: Tools, case: Case, shown: Prompt) -> Reply:
    """The first takes the approval back: ``shown`` is the question once more."""
    approval, kept = await keep_approval(tools, case, Decision.WITHDRAWN, None)
    await tools.journal.commit(
        Save(shown),
        kept,
        tools.item(Topic.PROMPT, shown.id, Priority.TAP),
        *_redrawn(tools, await _asked(tools, shown)),
        record(case, approval, {}),
    )
    text = "Your approval is taken back. Nothing was ordered."
    return Reply(text=text, prompt=shown)


async def _asked(tools: Tools, prompt: Prompt) -> list[Prompt]:
    """The prompts of the others who may still decide."""
    return [each for each in await others(tools, prompt) if not each.viewer]


def _redrawn(tools: Tools, prompts: list[Prompt]) -> list[Insert]:
    return [tools.item(Topic.PROMPT, each.id, Priority.PROMPT) for each in prompts]
