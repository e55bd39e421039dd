"""Notices about people: who asks, who was let in, what an admin did."""

from collections.abc import Awaitable, Callable, Mapping

from bot.telegram.people_cards import request_card
from bot.telegram.views.inviting import request_view
from bot.telegram.views.membership import (
    accepted_notice,
    admin_did_notice,
    membership_notice,
    more_ask_notice,
)
from bot.telegram.views.naming import ids_in
from bot.telegram.views.view import View
from bot.telegram.views.welcoming import consent_view
from core.accounts import Account
from core.desk.joining import agreed, terms_for
from core.desk.tools import Tools
from core.ids import UserId
from core.messages import NoticeKind, OutboxItem
from core.users import JoinRequest, RequestState, Role, User


async def _people(tools: Tools, sentence: str) -> dict[UserId, User]:
    """Whom a sentence is about."""
    ids = frozenset(ids_in(sentence))
    return {each.id: each for each in await tools.journal.find(User, id=ids)}


async def _admin_did(tools: Tools, item: OutboxItem) -> View:
    by = await _people(tools, item.subject)
    people = await _people(tools, item.detail)
    return admin_did_notice(item.detail, people, next(iter(by.values()), None))


async def _membership(tools: Tools, item: OutboxItem) -> View:
    return membership_notice(item.detail, await _people(tools, item.detail))


async def _asks(tools: Tools, item: OutboxItem) -> View | None:
    """Nothing, once somebody has answered."""
    reader = item.user_id or UserId(0)
    card = await request_card(tools, reader, UserId(int(item.subject)))
    return request_view(card) if card else None


async def _more_ask(tools: Tools, _: OutboxItem) -> View | None:
    waiting = await tools.journal.count(JoinRequest, state=RequestState.WAITING)
    return more_ask_notice() if waiting else None


async def _accepted(tools: Tools, item: OutboxItem) -> View | None:
    account = await tools.journal.get(Account, item.subject)
    return accepted_notice(account, Role(item.detail)) if account else None


async def _terms(tools: Tools, item: OutboxItem) -> View | None:
    """Nothing, once they are agreed to."""
    user = await tools.journal.get(User, UserId(int(item.subject)))
    if user is None or agreed(tools, user):
        return None
    return consent_view(await terms_for(tools, user.id))


TELLERS: Mapping[NoticeKind, Callable[[Tools, OutboxItem], Awaitable[View | None]]] = {
    NoticeKind.ADMIN_DID: _admin_did,
    NoticeKind.MEMBER_ASKS: _asks,
    NoticeKind.MEMBERS_ASK: _more_ask,
    NoticeKind.MEMBER_ACCEPTED: _accepted,
    NoticeKind.MEMBERSHIP: _membership,
    NoticeKind.TERMS: _terms,
}
