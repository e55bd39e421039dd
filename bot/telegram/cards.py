"""The rows behind a message, read together; views draw them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from core.accounts import Account, AccountKind, GuardState, RiskRules
from core.desk.offering import headroom_left
from core.desk.seconding import first_of
from core.desk.tools import Tools
from core.ids import PromptId, UserId
from core.orders import Order, OrderKind, OrderState
from core.prompts import UNDECIDED, Approval, Prompt
from core.signals import Signal
from core.standing import StandingRule
from core.trades import ON_THE_BOOK, Trade
from core.users import User


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptCard:
    """A prompt with all that became of it."""

    prompt: Prompt
    signal: Signal
    account: Account
    order: Order | None
    trade: Trade | None
    decider: str
    """The name of whoever decided; empty while nobody has."""
    approval: Approval | None
    """The reader's own decision."""
    now: datetime
    first: str = ""
    """The name of who approved first, where one approval is not enough."""
    rule: StandingRule | None = None
    """The standing rule that approved in the reader's name."""


async def prompt_card(tools: Tools, prompt_id: PromptId) -> PromptCard | None:
    """Everything that a prompt's message shows; ``None`` if there is no prompt."""
    journal = tools.journal
    prompt = await journal.get(Prompt, prompt_id)
    if prompt is None:
        return None
    signal = await journal.get(Signal, prompt.signal_id)
    account = await journal.get(Account, prompt.account_id)
    if signal is None or account is None:
        return None
    orders = await journal.find(
        Order,
        signal_id=signal.id,
        account_id=account.id,
        kind=OrderKind.OPEN,
        order_by="-attempt",
        limit=1,
    )
    trades = await journal.find(Trade, signal_id=signal.id, account_id=account.id)
    approvals = await journal.find(Approval, prompt_id=prompt.id)
    decider = await journal.get(User, prompt.decided_by) if prompt.decided_by else None
    order, approval = orders[0] if orders else None, approvals[0] if approvals else None
    rule_id = approval.rule_id if approval else None
    return PromptCard(
        prompt=prompt,
        signal=signal,
        account=account,
        order=order,
        trade=trades[0] if trades else None,
        decider=decider.name if decider else "",
        approval=approval,
        now=tools.clock.now(),
        first=await _first(tools, prompt, account, order),
        rule=await journal.get(StandingRule, rule_id) if rule_id else None,
    )


async def _first(
    tools: Tools, prompt: Prompt, account: Account, order: Order | None
) -> str:
    """Who approved first, where a desk wants two people; empty where it does not."""
    if account.kind is not AccountKind.DESK or prompt.viewer:
        return ""
    if prompt.state in UNDECIDED:
        waiting = await first_of(tools, prompt, account)
        return await _name(tools, waiting.prompt.user_id) if waiting else ""
    ordered = order.approval_id if order else None
    second = await tools.journal.get(Approval, ordered) if ordered else None
    if second is None or second.seconds is None:
        return ""
    first = await tools.journal.get(Approval, second.seconds)
    return await _name(tools, first.user_id) if first else ""


async def _name(tools: Tools, user_id: UserId) -> str:
    user = await tools.journal.get(User, user_id)
    return user.name if user else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCard:
    """An account with its guard, its trades and what is on its way."""

    account: Account
    guard: GuardState
    rules: RiskRules
    trades: tuple[Trade, ...]
    placed: tuple[Order, ...]
    parked: tuple[Order, ...]
    headroom: Decimal
    """What may still be lost with every stop hit, in account currency."""
    stale_after: timedelta
    """How old a reading may be before its age is told: a few looks of the guard."""
    now: datetime


async def account_card(tools: Tools, account: Account) -> AccountCard | None:
    """Everything that the account views show; ``None`` before the first look."""
    await tools.sight(account.id)
    journal = tools.journal
    guard = await journal.get(GuardState, account.id)
    rules = tools.choices.rules.get(account.id)
    if guard is None or rules is None:
        return None
    orders = await journal.find(
        Order,
        account_id=account.id,
        kind=OrderKind.OPEN,
        state=frozenset({OrderState.PLACED, OrderState.PARKED}),
    )
    trades = await journal.find(
        Trade, account_id=account.id, state=ON_THE_BOOK, order_by="opened_at"
    )
    room = await headroom_left(tools, account, rules)
    return AccountCard(
        account=account,
        guard=guard,
        rules=rules,
        trades=tuple(trades),
        placed=tuple(each for each in orders if each.state is OrderState.PLACED),
        parked=tuple(each for each in orders if each.state is OrderState.PARKED),
        headroom=room,
        stale_after=tools.choices.stale_after,
        now=tools.clock.now(),
    )
