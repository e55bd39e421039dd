"""What one admin does, the other admins of the account are told.

Every act of an admin is written down and told, in the transaction that does it:

    await tools.journal.commit(
        Save(row),
        Record(actor=by_user(by), action="invited", subject=about_account(account_id)),
        *await tell_admins(tools, [account_id], by=by, sentence="…"),
    )

The sentence is plain English from a capital to its full stop and says what was done,
not who did it: the notice adds that. Somebody it is about stands in it as the audit
calls them, ``user:7`` (``by_user``): their name is read when it is told, so that it is
the present one, and nothing here has to be erased with a person.
"""

from collections.abc import Iterable

from core.access import may_manage
from core.desk.tools import Tools, by_user
from core.ids import AccountId, UserId
from core.messages import NoticeKind
from core.ports import Write
from core.users import Membership


async def tell_admins(
    tools: Tools,
    account_ids: Iterable[AccountId] | None,
    *,
    by: UserId | None,
    sentence: str,
) -> list[Write]:
    """Tell whoever administers one of these accounts, once, but not who did it.

    ``None`` means every account: what was done concerns the whole instance. ``by`` is
    nobody when it was done at the command line.
    """
    meant = None if account_ids is None else frozenset(account_ids)
    admins = await admins_of(tools, meant)
    return [
        tools.notice(NoticeKind.ADMIN_DID, by_user(by), to=admin, detail=sentence)
        for admin in admins
        if admin != by
    ]


async def admins_of(
    tools: Tools, account_ids: frozenset[AccountId] | None
) -> list[UserId]:
    """Whoever administers one of these accounts, or any where it is ``None``."""
    members = [
        member
        for member in await tools.members()
        if account_ids is None or member.account_id in account_ids
    ]
    return sorted({each.user_id for each in members if may_manage(each)})


def told_member(tools: Tools, membership: Membership, sentence: str) -> Write:
    """Tell the member themselves; the sentence as above, about ``you``."""
    return tools.notice(
        NoticeKind.MEMBERSHIP,
        membership.account_id,
        to=membership.user_id,
        detail=sentence,
    )


def about_account(account_id: AccountId) -> str:
    """The audit's name of an account."""
    return f"account:{account_id}"
