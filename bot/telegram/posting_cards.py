"""The rows behind a signal's message in a group, read together; a view draws them."""

from dataclasses import dataclass, replace

from bot.telegram.cards import PromptCard, prompt_card
from core.desk.tools import Tools
from core.groups import GroupChat, Posting
from core.ids import PostingId, UserId
from core.prompts import Prompt, PromptState
from core.users import User


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingCard:
    """A posting with all that became of its signal on the account."""

    posting: Posting
    reader: UserId
    """Whose language it is in: the admin who had it shown there."""
    card: PromptCard
    """As a viewer may see it: neither lots nor money."""
    asked: tuple[Prompt, ...]
    """The prompts of those who decide."""
    rejecters: tuple[str, ...] = ()
    """The names of those who rejected."""


async def posting_card(tools: Tools, posting_id: PostingId) -> PostingCard | None:
    """Everything that a posting's message shows; ``None`` where nobody was asked."""
    journal = tools.journal
    posting = await journal.get(Posting, posting_id)
    if posting is None:
        return None
    group = await journal.get(GroupChat, posting.group_id)
    asked = await journal.find(
        Prompt,
        signal_id=posting.signal_id,
        account_id=posting.account_id,
        viewer=False,
        order_by="decided_at",
    )
    told = _telling(asked)
    waiting = [each for each in asked if each.state is PromptState.AWAITING_SECOND]
    card = await prompt_card(tools, told.id) if told else None
    if group is None or card is None:
        return None
    return PostingCard(
        posting=posting,
        reader=group.added_by,
        card=replace(
            card,
            prompt=_without_money(card.prompt),
            first=card.first or "".join(await _names(tools, waiting[:1])),
        ),
        asked=tuple(asked),
        rejecters=await _names(
            tools, [each for each in asked if each.state is PromptState.REJECTED]
        ),
    )


def _telling(asked: list[Prompt]) -> Prompt | None:
    """The prompt that says most of what became of them all."""
    order = list(_SAYS)
    return min(asked, key=lambda each: order.index(each.state), default=None)


_SAYS = (
    PromptState.APPROVED,
    PromptState.CONFIRMING,
    PromptState.SENT,
    PromptState.QUEUED,
    PromptState.SNOOZED,
    PromptState.AWAITING_SECOND,
    PromptState.CANCELLED,
    PromptState.EXPIRED,
    PromptState.REJECTED,
    PromptState.SUPERSEDED,
    PromptState.REFUSED,
)
"""Every state, that which outweighs the others first."""


def _without_money(prompt: Prompt) -> Prompt:
    return replace(
        prompt,
        viewer=True,
        reason="",
        price=None,
        lots=None,
        risk_money=None,
        risk_percent=None,
        reward_money=None,
        spread=None,
        headroom=None,
        drift_r=None,
        drift_points=None,
    )


async def _names(tools: Tools, prompts: list[Prompt]) -> tuple[str, ...]:
    """Whose prompts these are."""
    users = [await tools.journal.get(User, each.user_id) for each in prompts]
    return tuple(user.name for user in users if user is not None and user.name)
