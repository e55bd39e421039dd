import pytest

from core.access import (
    is_manager,
    is_taken,
    may_decide,
    may_manage,
    may_watch,
    refusal,
    subscribes,
)
from core.accounts import AccountKind
from core.ids import ProviderName, UserId
from core.users import EVERY_PROVIDER, Role
from tests.builders import DEMO, USER, a_membership, a_subscription, an_account

OTHER = UserId(2)
OWN_MINE = an_account(kind=AccountKind.OWN, person_id=USER)
OWN_OTHERS = an_account(kind=AccountKind.OWN, person_id=OTHER)
OWN_FREE = an_account(kind=AccountKind.OWN, person_id=None)
DESK = an_account(kind=AccountKind.DESK)

DECIDES, WATCHES, NEITHER = "decides", "watches", "neither"
MATRIX = [
    (OWN_MINE, None, NEITHER),
    (OWN_MINE, Role.VIEWER, WATCHES),
    (OWN_MINE, Role.APPROVER, DECIDES),
    (OWN_MINE, Role.ADMIN, DECIDES),
    (OWN_MINE, Role.OWNER, DECIDES),
    (OWN_OTHERS, None, NEITHER),
    (OWN_OTHERS, Role.VIEWER, WATCHES),
    (OWN_OTHERS, Role.APPROVER, NEITHER),
    (OWN_OTHERS, Role.ADMIN, NEITHER),
    (OWN_OTHERS, Role.OWNER, NEITHER),
    (OWN_FREE, Role.APPROVER, NEITHER),
    (OWN_FREE, Role.OWNER, NEITHER),
    (DESK, None, NEITHER),
    (DESK, Role.VIEWER, WATCHES),
    (DESK, Role.APPROVER, DECIDES),
    (DESK, Role.ADMIN, DECIDES),
    (DESK, Role.OWNER, DECIDES),
]


@pytest.mark.parametrize(("account", "role", "expected"), MATRIX)
def test_the_matrix_of_who_decides_and_who_watches(account, role, expected):
    member = None if role is None else a_membership(role=role)
    found = (
        DECIDES
        if may_decide(account, member)
        else WATCHES
        if may_watch(account, member)
        else NEITHER
    )
    assert found == expected


@pytest.mark.parametrize(("account", "role", "expected"), MATRIX)
def test_nobody_both_decides_and_watches(account, role, expected):
    member = None if role is None else a_membership(role=role)
    assert not (may_decide(account, member) and may_watch(account, member))


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (Role.VIEWER, False),
        (Role.APPROVER, False),
        (Role.ADMIN, True),
        (Role.OWNER, True),
    ],
)
def test_admins_and_owners_manage(role, expected):
    assert may_manage(a_membership(role=role)) is expected


def test_who_is_no_member_manages_nothing():
    assert not may_manage(None)


def test_one_account_to_manage_makes_a_manager():
    roles = (Role.VIEWER, Role.ADMIN)
    assert is_manager(a_membership(role=role) for role in roles)


def test_members_of_nothing_manage_nothing():
    assert not is_manager([])


def test_who_chose_nothing_gets_nothing():
    assert not subscribes([], DEMO, "XAUUSD")


def test_everything_includes_a_provider_that_came_later():
    assert subscribes(
        [a_subscription(provider=EVERY_PROVIDER)], ProviderName("new"), "XAUUSD"
    )


@pytest.mark.parametrize("wanted", [True, False])
def test_the_choice_about_one_provider_outweighs_the_one_about_all(wanted):
    choices = [
        a_subscription(provider=EVERY_PROVIDER, enabled=not wanted),
        a_subscription(provider=DEMO, enabled=wanted),
    ]
    assert subscribes(choices, DEMO, "XAUUSD") is wanted


def test_a_choice_about_another_provider_says_nothing():
    assert not subscribes(
        [a_subscription(provider=ProviderName("else"))], DEMO, "XAUUSD"
    )


def test_a_stranger_is_told_to_ask_for_an_invite():
    assert "Ask an admin for an invite" in refusal(DESK, None)


def test_a_viewer_is_told_that_only_approvers_decide():
    assert "viewer" in refusal(DESK, a_membership(role=Role.VIEWER))


def test_an_admin_is_told_that_an_own_account_has_its_person():
    text = refusal(OWN_OTHERS, a_membership(role=Role.ADMIN))
    assert text == "Only the person who owns demo decides on it."


@pytest.mark.parametrize(
    ("kind", "person", "role", "taken"),
    [
        (AccountKind.OWN, UserId(1), Role.APPROVER, True),
        (AccountKind.OWN, UserId(1), Role.ADMIN, True),
        (AccountKind.OWN, UserId(1), Role.VIEWER, False),
        (AccountKind.OWN, UserId(2), Role.APPROVER, False),
        (AccountKind.OWN, None, Role.APPROVER, False),
        (AccountKind.DESK, UserId(1), Role.APPROVER, False),
    ],
)
def test_an_own_account_takes_one_decider(kind, person, role, taken):
    account = an_account(kind=kind, person_id=person)
    assert is_taken(account, role, UserId(2)) is taken
