"""From an outbox notice to its view: the rows are read when its turn comes."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from bot.telegram import people_telling
from bot.telegram.curves import drawn
from bot.telegram.views.admin import broadcast_done_notice, broadcast_notice
from bot.telegram.views.notices import (
    COMMAND_LINE,
    guard_notice,
    joined_notice,
    late_command_notice,
    order_notice,
    parked_notice,
    trade_notice,
)
from bot.telegram.views.positions import moved_notice, reduced_notice
from bot.telegram.views.providers import flood_notice, held_notice
from bot.telegram.views.reports import summary_view
from bot.telegram.views.view import View
from core.accounts import Account, GuardState
from core.desk.broadcasting import progress
from core.desk.flooding import held_signals, is_muted
from core.desk.reporting import report
from core.desk.tools import Tools, by_user
from core.ids import AccountId, ProviderName, UserId
from core.limits import day_after, day_begins
from core.messages import Broadcast, NoticeKind, OutboxItem
from core.orders import Order, OrderState
from core.trades import Trade
from core.users import Provider, Role, User

WEEK = timedelta(days=7)


async def notice_view(tools: Tools, item: OutboxItem) -> View | None:
    """The message of a notice; ``None`` when there is nothing to tell any more."""
    return await _TELLERS[item.notice](tools, item)


async def _guard(tools: Tools, item: OutboxItem) -> View | None:
    account = await tools.journal.get(Account, item.subject)
    guard = await tools.journal.get(GuardState, item.subject)
    if account is None or guard is None:
        return None
    viewer = await _looks_on(tools, item, account)
    by = await _who(tools, item.detail)
    return guard_notice(item.notice, account, guard, item.detail, by=by, viewer=viewer)


async def _who(tools: Tools, actor: str) -> str:
    """The name of whoever the audit calls so; empty where it is no person."""
    if actor == by_user(None):
        return COMMAND_LINE
    kind, _, number = actor.partition(":")
    if kind != "user" or not number.isdecimal():
        return ""
    user = await tools.journal.get(User, UserId(int(number)))
    return user.name if user else f"user {number}"


async def _looks_on(tools: Tools, item: OutboxItem, account: Account) -> bool:
    """Whether the reader is no more than a viewer of the account, by now."""
    mine = await tools.members(user_id=item.user_id, account_id=account.id)
    return all(each.role is Role.VIEWER for each in mine)


async def _trade(tools: Tools, item: OutboxItem) -> View | None:
    trade = await tools.journal.get(Trade, item.subject)
    if trade is None:
        return None
    account = await tools.journal.get(Account, trade.account_id)
    if account is None:
        return None
    viewer = await _looks_on(tools, item, account)
    order = await tools.journal.get(Order, trade.order_id) if trade.order_id else None
    return trade_notice(trade, account, order, viewer=viewer)


async def _reduced(tools: Tools, item: OutboxItem) -> View | None:
    trade = await tools.journal.get(Trade, item.subject)
    account = await tools.journal.get(Account, trade.account_id) if trade else None
    if trade is None or account is None:
        return None
    viewer = await _looks_on(tools, item, account)
    return reduced_notice(trade, account, item.detail, viewer=viewer)


async def _stop_moved(tools: Tools, item: OutboxItem) -> View | None:
    order = await tools.journal.get(Order, item.subject)
    trade = await tools.journal.get(Trade, order.trade_id or "") if order else None
    account = await tools.journal.get(Account, trade.account_id) if trade else None
    if order is None or trade is None or account is None:
        return None
    viewer = await _looks_on(tools, item, account)
    by = await _who(tools, by_user(order.user_id))
    return moved_notice(trade, account, order, by, viewer=viewer)


async def _order(tools: Tools, item: OutboxItem) -> View | None:
    order = await tools.journal.get(Order, item.subject)
    if order is None:
        return None
    parked = order.state is OrderState.PARKED
    return parked_notice(order) if parked else order_notice(order)


async def _joined(tools: Tools, item: OutboxItem) -> View | None:
    user = await tools.journal.get(User, UserId(int(item.subject)))
    return joined_notice(user, item.detail) if user else None


async def _prompts_held(tools: Tools, item: OutboxItem) -> View | None:
    """Nothing, once all of it was shown or is over."""
    reader = item.user_id or UserId(0)
    name = ProviderName(item.subject)
    count = await held_signals(tools, reader, name)
    most = tools.choices.prompts_per_minute
    return held_notice(name, count, most) if count else None


async def _provider_floods(tools: Tools, item: OutboxItem) -> View | None:
    """Nothing, once somebody has muted or disabled it."""
    provider = await tools.journal.get(Provider, item.subject)
    if provider is None or not provider.enabled:
        return None
    if is_muted(provider, tools.clock.now()):
        return None
    return flood_notice(provider.id, tools.choices.prompts_per_minute)


async def _broadcast(tools: Tools, item: OutboxItem) -> View | None:
    row = await tools.journal.get(Broadcast, item.subject)
    if row is None:
        return None
    author = await tools.journal.get(User, row.user_id)
    return broadcast_notice(row, author.name if author else "")


async def _broadcast_done(tools: Tools, item: OutboxItem) -> View | None:
    row = await tools.journal.get(Broadcast, item.subject)
    return broadcast_done_notice(await progress(tools, row)) if row else None


async def _day_summary(tools: Tools, item: OutboxItem) -> View | None:
    """How the day was, and the week that led there as a picture."""
    account = await tools.journal.get(Account, item.subject)
    rules = tools.choices.rules.get(AccountId(item.subject))
    if account is None or rules is None or item.user_id is None:
        return None
    begun = day_begins(rules, item.detail)
    over = day_begins(rules, day_after(item.detail))
    found = await report(tools, account, since=begun, until=over)
    if found is None:
        return None
    photo = await drawn(tools, account, since=over - WEEK, to=item.user_id)
    return summary_view(found, item.detail, photo)


async def _late_command(_: Tools, item: OutboxItem) -> View:
    return late_command_notice(item.detail)


_TELLERS: Mapping[NoticeKind, Callable[[Tools, OutboxItem], Awaitable[View | None]]] = {
    NoticeKind.TRADE_OPENED: _trade,
    NoticeKind.TRADE_CLOSED: _trade,
    NoticeKind.TRADE_REDUCED: _reduced,
    NoticeKind.STOP_MOVED: _stop_moved,
    NoticeKind.ORDER_FAILED: _order,
    NoticeKind.ORDER_PARKED: _order,
    NoticeKind.GUARD_WARNING: _guard,
    NoticeKind.GUARD_FIRED: _guard,
    NoticeKind.GUARD_FLAT: _guard,
    NoticeKind.GUARD_REARMED: _guard,
    NoticeKind.GUARD_BLIND: _guard,
    NoticeKind.GUARD_SEES: _guard,
    NoticeKind.MEMBER_JOINED: _joined,
    NoticeKind.COMMAND_LATE: _late_command,
    NoticeKind.PROMPTS_HELD: _prompts_held,
    NoticeKind.PROVIDER_FLOODS: _provider_floods,
    **people_telling.TELLERS,
    NoticeKind.DAY_SUMMARY: _day_summary,
    NoticeKind.BROADCAST: _broadcast,
    NoticeKind.BROADCAST_DONE: _broadcast_done,
}
