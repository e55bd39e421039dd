"""How people come in, what they must agree to first, and what they may ask."""

from tests.flows.seats import Seat, sit_down

PAPER = {"broker": "paper", "speed": "0.25"}
CONFIG = {
    "accounts": {
        **{f"seat{number}": PAPER for number in range(1, 16)},
        "desk": {**PAPER, "kind": "desk"},
    }
}
COMMANDS = ("/pending", "/positions", "/closeall")
ADMIN_COMMANDS = ("/status", "/providers", "/guard", "/panic", "/rearm")


def memberships(house, user: int) -> list[dict[str, object]]:
    return house.books.rows("SELECT * FROM memberships WHERE user_id = ?", user)


# ---------------------------------------------------------------- invites
def test_a_stranger_gets_no_further_than_the_door(house) -> None:
    stranger = house.new_person()
    for said in ("/start", "hello", "/status", "/positions", "/panic"):
        last = house.chat.say(stranger, said)
        told = house.chat.wait(stranger, "invite", after=last)
        assert str(stranger) in told.text
    assert memberships(house, stranger) == []


def test_a_late_invite_lets_nobody_in(house, free_accounts) -> None:
    account = free_accounts.pop()
    token = house.invite(account, "approver", seconds=0)
    late = house.new_person()
    last = house.chat.say(late, f"/start {token}")
    told = house.chat.wait(late, after=last)
    assert "invite" in told.text
    assert memberships(house, late) == []


def test_an_invite_is_used_up(house) -> None:
    token = house.invite("desk", "viewer", uses=1)
    first, second = house.new_person(), house.new_person()
    for person, welcome in ((first, "Welcome"), (second, "used up")):
        last = house.chat.say(person, f"/start {token}")
        house.chat.wait(person, welcome, after=last)
    assert len(memberships(house, first)) == 1
    assert memberships(house, second) == []


def test_an_invite_for_two_lets_two_in(house) -> None:
    token = house.invite("desk", "viewer", uses=2)
    people = [house.new_person() for _ in range(3)]
    for person in people:
        last = house.chat.say(person, f"/start {token}")
        house.chat.wait(person, after=last)
    assert [len(memberships(house, person)) for person in people] == [1, 1, 0]


def test_a_made_up_invite_lets_nobody_in(house) -> None:
    stranger = house.new_person()
    last = house.chat.say(stranger, "/start let-me-in")
    house.chat.wait(stranger, "invite", after=last)
    assert memberships(house, stranger) == []


def test_an_own_account_takes_only_one_person(seat: Seat) -> None:
    second = seat.house.new_person()
    token = seat.house.invite(seat.account, "approver")
    last = seat.house.chat.say(second, f"/start {token}")
    seat.house.chat.wait(second, "belongs to", after=last)
    assert memberships(seat.house, second) == []


def test_the_admin_is_told_who_joined(house, free_accounts) -> None:
    admin = sit_down(house, free_accounts.pop(), "admin")
    last = admin.last_message()
    viewer = house.new_person("Vera")
    house.enter(viewer, admin.account, "viewer")
    told = house.chat.wait(admin.user, "Vera", after=last)
    assert "viewer" in told.text


# ---------------------------------------------------------------- terms
def test_no_signal_comes_before_the_terms_are_agreed_to(house, free_accounts) -> None:
    user, account = house.new_person(), free_accounts.pop()
    seat = Seat(house=house, user=user, account=account)
    house.chat.say(user, f"/start {house.invite(account, 'approver')}")
    terms = house.chat.wait(user, button="I agree")
    refused = house.post(seat.signal())
    assert refused.status == 422
    house.chat.tap(user, "I agree", terms.id)
    agreed = house.chat.shows(user, terms.id, "agreed")
    prompt = seat.asked()
    assert agreed.labels == ()
    assert "Trading leveraged products" in agreed.text
    assert "XAUUSD" in prompt.now.text


def test_agreeing_twice_is_agreeing_once(house, free_accounts) -> None:
    user, account = house.new_person(), free_accounts.pop()
    house.chat.say(user, f"/start {house.invite(account, 'approver')}")
    terms = house.chat.wait(user, button="I agree")
    data = terms.data_of("I agree")
    house.chat.tap_at_once(user, [(data, terms.id)] * 5)
    rows = house.books.rows("SELECT * FROM subscriptions WHERE user_id = ?", user)
    assert [row["provider"] for row in rows] == ["*"]


# ---------------------------------------------------------------- commands
def test_waiting_prompts_are_listed(seat: Seat) -> None:
    seat.hears("/pending", "Nothing waits")
    prompt = seat.asked()
    told = seat.hears("/pending", "XAUUSD")
    assert seat.account in told.text
    prompt.tap("Reject")
    seat.hears("/pending", "Nothing waits")


def test_help_lists_what_one_may_do(house, free_accounts, seat: Seat) -> None:
    told = seat.hears("/help", "/pending").text
    assert [name for name in COMMANDS if name not in told] == []
    admin = sit_down(house, free_accounts.pop(), "admin")
    told = admin.hears("/help", "/pending").text
    assert [name for name in (*COMMANDS, *ADMIN_COMMANDS) if name not in told] == []


def test_status_and_guard_show_ones_account_to_its_admin(house, free_accounts) -> None:
    admin = sit_down(house, free_accounts.pop(), "admin")
    admin.filled()
    status = admin.hears("/status", admin.account)
    guard = admin.hears("/guard", admin.account)
    assert "1 open" in status.text
    assert "armed" in status.text
    assert "armed" in guard.text
    assert "20 %" in guard.text


def test_status_is_not_for_everybody(seat: Seat) -> None:
    told = seat.hears("/status", "admin")
    assert seat.account not in told.text


def test_the_guard_of_ones_own_account_is_shown_to_its_person(seat: Seat) -> None:
    told = seat.hears("/guard", seat.account)
    assert "armed" in told.text


def test_nothing_open_is_said_in_words(seat: Seat) -> None:
    seat.hears("/positions", "Nothing is open")
    told = seat.hears("/closeall", "no open trades")
    assert told.labels == ()


def test_a_plain_word_gets_help(seat: Seat) -> None:
    seat.hears("what now?", "/pending")
