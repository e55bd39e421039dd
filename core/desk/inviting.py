"""An admin invites into an account that they administer, in the chat."""

from datetime import timedelta

from core.access import is_taken
from core.accounts import Account
from core.desk.commanding import InviteWish, invite, managed
from core.desk.tools import Tools
from core.errors import Refused
from core.ids import UserId
from core.users import Role

MOST_USES = 1000
MOST_HOURS = 24 * 365


def usual_role(account: Account) -> Role:
    """What somebody who is invited mostly becomes there."""
    return Role.VIEWER if is_taken(account, Role.APPROVER) else Role.APPROVER


async def invite_as_admin(tools: Tools, wish: InviteWish, *, by: UserId) -> str:
    """Make an invite; returns its token, which is shown this once.

    Raises:
        Refused: whoever invites does not administer the account, the role is an
            owner's, the account has its person already, or it is for too many.
    """
    mine = {each.id: each for each in await managed(tools, by)}
    account = mine.get(wish.account_id)
    if account is None:
        message = f"You do not administer {wish.account_id}. Ask one of its admins."
        raise Refused(message)
    if wish.role is not Role.OWNER and is_taken(account, wish.role):
        message = (
            f"{account.id} is an own account and has its person, who alone decides. "
            f"Invite a viewer: /invite viewer {account.id}."
        )
        raise Refused(message)
    longest = timedelta(hours=MOST_HOURS)
    if not 1 <= wish.uses <= MOST_USES or not timedelta() < wish.lasts <= longest:
        message = (
            f"An invite is for 1 to {MOST_USES} people and 1 to {MOST_HOURS} hours. "
            "Choose within that."
        )
        raise Refused(message)
    return await invite(tools, wish, by=by)
