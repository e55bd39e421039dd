"""Accounts at the command line: added, given to somebody, disabled and enabled.

A running service notices all of it. An account is disabled only once it holds nothing:
nobody is left alone with what is open there.
"""

from dataclasses import replace

from core.access import is_taken
from core.accounts import OF_THE_HOUSE, Account, AccountKind
from core.desk.accounts import AccountPlan, account_of, held_by, opened
from core.desk.authorising import moved
from core.desk.entering import entered
from core.desk.membership import set_role, they_are, you_are
from core.desk.requesting import settled
from core.desk.telling import about_account, tell_admins
from core.desk.tools import Tools, again, by_user
from core.errors import Refused
from core.ids import AccountId, UserId
from core.messages import NoticeKind, Priority, Topic
from core.ports import Record, Save, Write
from core.prompts import UNDECIDED, Prompt, PromptEvent
from core.users import Membership, Role, User


async def add_account(tools: Tools, plan: AccountPlan) -> None:
    """Add an account at the command line; owners own it at once, nobody has it yet.

    Raises:
        Refused: there is an account of that name.
    """
    await again(lambda: _add(tools, plan))


async def _add(tools: Tools, plan: AccountPlan) -> None:
    if await tools.journal.get(Account, plan.id) is not None:
        message = (
            f"There is an account {plan.id} already: choose another name. "
            "`tapgate account list` shows all."
        )
        raise Refused(message)
    account = account_of(tools, plan)
    said = f"The account {plan.id} was added: {plan.kind}, {plan.broker}."
    await tools.journal.commit(
        *opened(account),
        *await _owned(tools, account),
        Record(
            actor=by_user(None),
            action="account_added",
            subject=about_account(plan.id),
            detail={"kind": plan.kind, "broker": plan.broker},
        ),
        *await tell_admins(tools, None, by=None, sentence=said),
    )


async def _owned(tools: Tools, account: Account) -> list[Write]:
    """The owners who are here already own the new account too."""
    users = [await tools.journal.get(User, each) for each in tools.choices.owners]
    return [
        write
        for user in users
        if user is not None
        for write in await entered(tools, account, user, Role.OWNER, by=None)
    ]


async def assign(
    tools: Tools, account_id: AccountId, user_id: UserId, role: Role
) -> bool:
    """Make somebody a member of an account, or its person. ``False``: they are.

    Raises:
        Refused: it may not be, with why and what to do.
    """
    return await again(lambda: _assign(tools, account_id, user_id, role))


async def _assign(
    tools: Tools, account_id: AccountId, user_id: UserId, role: Role
) -> bool:
    account = await _of_the_house(tools, account_id)
    user = await tools.journal.get(User, user_id)
    if user is None:
        message = (
            f"Nobody with the id {user_id} has ever written to the bot. Ask them to "
            "send /start first, or hand them a link: `tapgate invite`."
        )
        raise Refused(message)
    mine = await tools.journal.find(Membership, user_id=user_id, account_id=account_id)
    if mine and mine[0].role is Role.OWNER:
        return await _give(tools, account, user_id)
    if mine:
        return await set_role(tools, mine[0].id, role, by=None)
    if is_taken(account, role, user_id):
        message = (
            f"{account_id} is an own account and has its person. Assign a viewer with "
            "--role viewer, or remove the person first: `tapgate user remove`."
        )
        raise Refused(message)
    await tools.journal.commit(
        *await entered(tools, account, user, role, by=None),
        *await settled(tools, user_id, by=None),
        *_welcomed(tools, user, account_id, role),
        *await tell_admins(
            tools,
            [account_id],
            by=None,
            sentence=they_are(by_user(user_id), role, account_id),
        ),
    )
    return True


def _welcomed(
    tools: Tools, user: User, account_id: AccountId, role: Role
) -> list[Write]:
    """What they are now, and the terms if they have not agreed to them yet."""
    told: list[Write] = [
        tools.notice(
            NoticeKind.MEMBERSHIP,
            account_id,
            to=user.id,
            detail=you_are(role, account_id),
        )
    ]
    if user.consent_version != tools.choices.consent.version:
        told.append(tools.notice(NoticeKind.TERMS, str(user.id), to=user.id))
    return told


async def _give(tools: Tools, account: Account, user_id: UserId) -> bool:
    """An owner decides on an own account only as its person."""
    if account.kind is AccountKind.DESK or account.person_id == user_id:
        return False
    if account.person_id is not None:
        message = (
            f"{account.id} is an own account and has its person. Remove them first: "
            "`tapgate user remove`."
        )
        raise Refused(message)
    said = f"{by_user(user_id)} is the person of {account.id} now."
    await tools.journal.commit(
        Save(replace(account, person_id=user_id)),
        Record(
            actor=by_user(None),
            action="account_assigned",
            subject=about_account(account.id),
            detail={"user": str(user_id)},
        ),
        *await tell_admins(tools, [account.id], by=None, sentence=said),
    )
    return True


# ------------------------------------------------------- disabled and enabled
async def disable_account(tools: Tools, account_id: AccountId) -> bool:
    """Ask nobody about an account any more, and serve it no longer.

    ``False``: it was disabled already.

    Raises:
        Refused: there is no such account, or it holds something yet.
    """
    return await again(lambda: _disable(tools, account_id))


async def _disable(tools: Tools, account_id: AccountId) -> bool:
    account = await _of_the_house(tools, account_id)
    if not account.enabled:
        return False
    held = await held_by(tools, account_id)
    if held:
        message = (
            f"{account_id} still has open trades ({held.trades}) or orders whose end "
            f"is not known ({held.orders}). Close them with /closeall or "
            f"/panic {account_id} in the chat, then disable it."
        )
        raise Refused(message)
    await tools.journal.commit(
        *await ended_prompts(tools, account_id),
        *await _switched(tools, account, enabled=False),
    )
    return True


async def ended_prompts(tools: Tools, account_id: AccountId) -> list[Write]:
    """What anybody was asked on an account that is disabled is over."""
    why = f"{account_id} was disabled; nothing was ordered."
    writes: list[Write] = []
    for prompt in await tools.journal.find(
        Prompt, account_id=account_id, state=UNDECIDED
    ):
        gone = replace(moved(prompt, PromptEvent.REFUSE), reason=why)
        writes += [Save(gone), tools.item(Topic.PROMPT, gone.id, Priority.EDIT)]
    return writes


async def enable_account(tools: Tools, account_id: AccountId) -> bool:
    """Ask about an account again. ``False``: it was enabled already.

    Raises:
        Refused: there is no such account.
    """
    return await again(lambda: _enable(tools, account_id))


async def _enable(tools: Tools, account_id: AccountId) -> bool:
    account = await _of_the_house(tools, account_id)
    if account.enabled:
        return False
    await tools.journal.commit(*await _switched(tools, account, enabled=True))
    return True


async def _switched(tools: Tools, account: Account, *, enabled: bool) -> list[Write]:
    """The account is on or off: written down, and told to all who are in it."""
    you = (
        f"{account.id} is enabled again: its signals come again."
        if enabled
        else f"{account.id} was disabled: its signals do not come any more."
    )
    told = [
        tools.notice(NoticeKind.MEMBERSHIP, account.id, to=each.user_id, detail=you)
        for each in await tools.concerned(account.id)
    ]
    record = Record(
        actor=by_user(None),
        action="account_enabled" if enabled else "account_disabled",
        subject=about_account(account.id),
    )
    return [Save(replace(account, enabled=enabled)), record, *told]


async def _of_the_house(tools: Tools, account_id: AccountId) -> Account:
    known = await tools.journal.find(Account, source=OF_THE_HOUSE)
    found = next((each for each in known if each.id == account_id), None)
    if found is None:
        names = ", ".join(each.id for each in known)
        message = f"There is no account {account_id}; known: {names}."
        raise Refused(message)
    return found
