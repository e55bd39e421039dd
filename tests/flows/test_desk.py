"""Several people, one signal: who decides, who looks on, who is told."""

from decimal import Decimal

from core.money import plain
from tests.flows.company import Company, prompt_of
from tests.flows.seats import proves_no_order, proves_one_order

PAPER = {"broker": "paper", "speed": "0.25"}
DESK = {**PAPER, "kind": "desk"}
CONFIG = {
    "accounts": {
        **{f"desk{number}": DESK for number in range(1, 11)},
        **{f"seat{number}": PAPER for number in range(1, 6)},
    }
}


# ---------------------------------------------------------------- who decides
def test_the_first_approval_decides_for_the_desk(company: Company, desk: str) -> None:
    ann, bob = company.joins(desk), company.joins(desk)
    signal = company.hears(desk)
    hers, his = prompt_of(ann, signal), prompt_of(bob, signal)
    approve = his.now.data_of("Approve")
    hers.tap("Approve")
    told = his.shows(f"by P{ann.user}")
    his.shows("Filled")
    late = company.house.chat.crafted(bob.user, approve, message_id=his.id)
    assert set(told.labels) <= {"Position"}
    assert "UTC" in told.text
    assert late.alert
    assert f"by P{ann.user}" in late.text
    proves_one_order(ann, signal)
    assert company.house.receipt(signal.id)["recipients"] == 2


def test_two_approvals_at_once_are_one_order(company: Company, desk: str) -> None:
    ann, bob = company.joins(desk), company.joins(desk)
    signal = company.hears(desk)
    chat = company.house.chat
    prompts = [(each, prompt_of(each, signal)) for each in (ann, bob)]
    data = [prompt.now.data_of("Approve") for _, prompt in prompts]
    taps = [
        chat.start_crafted(each.user, datum, message_id=prompt.id)
        for (each, prompt), datum in zip(prompts, data, strict=True)
    ]
    replies = [chat.answer(tap) for tap in taps]
    company.house.books.quiet()
    assert sum(reply.text.startswith("Approved") for reply in replies) == 1
    proves_one_order(ann, signal)
    states = {row["state"] for row in company.house.books.prompts(signal.id)}
    assert states == {"approved", "superseded"}


def test_a_rejection_on_a_desk_withdraws_only_ones_own_prompt(
    company: Company, desk: str
) -> None:
    ann, bob = company.joins(desk), company.joins(desk)
    signal = company.hears(desk)
    hers, his = prompt_of(ann, signal), prompt_of(bob, signal)
    hers.tap("Reject")
    hers.shows("Rejected by")
    assert company.house.receipt(signal.id)["status"] == "new"
    his.tap("Approve")
    his.shows("Filled")
    books = company.house.books
    assert len(books.orders(signal.id)) == len(books.openings(desk)) == 1
    assert "Rejected by" in hers.now.text


def test_rejections_by_everybody_reject_the_signal(company: Company, desk: str) -> None:
    ann, bob = company.joins(desk), company.joins(desk)
    signal = company.hears(desk)
    for each in (ann, bob):
        prompt_of(each, signal).tap("Reject")
    proves_no_order(ann, signal)
    assert company.house.receipt(signal.id)["status"] == "rejected"


def test_an_approvers_tap_on_a_colleagues_prompt_decides_nothing(
    company: Company, desk: str
) -> None:
    ann, bob = company.joins(desk), company.joins(desk)
    signal = company.hears(desk)
    hers, his = prompt_of(ann, signal), prompt_of(bob, signal)
    for label in ("Approve", "Reject"):
        data = hers.now.data_of(label)
        reply = company.house.chat.crafted(bob.user, data, message_id=his.id)
        assert reply.alert
        assert "somebody else" in reply.text
    proves_no_order(ann, signal)
    assert {row["state"] for row in company.house.books.prompts(signal.id)} == {"sent"}


# ---------------------------------------------------------------- who looks on
def test_a_viewer_has_no_buttons_and_no_lots(company: Company, desk: str) -> None:
    company.joins(desk)
    viewer = company.joins(desk, "viewer")
    signal = company.hears(desk)
    shown = prompt_of(viewer, signal).now
    assert shown.photo
    assert shown.labels == ("Details",)
    assert plain(signal.stop) in shown.text
    assert " lots" not in shown.text
    assert "Risk" not in shown.text


def test_a_viewers_crafted_tap_decides_nothing(company: Company, desk: str) -> None:
    ann = company.joins(desk)
    viewer = company.joins(desk, "viewer")
    signal = company.hears(desk)
    house = company.house
    message = prompt_of(viewer, signal)
    own = house.books.row(
        "SELECT * FROM prompts WHERE signal_id = ? AND user_id = ?",
        signal.id,
        viewer.user,
    )
    for data in (
        f"1:ap:{own['nonce']}",
        f"1:re:{own['nonce']}",
        prompt_of(ann, signal).now.data_of("Approve"),
    ):
        reply = house.chat.crafted(viewer.user, data, message_id=message.id)
        assert reply.alert
    proves_no_order(ann, signal)
    assert len(house.books.audit("tap_refused", f"user:{viewer.user}")) == 3
    assert {row["state"] for row in house.books.prompts(signal.id)} == {"sent"}


def test_a_viewer_never_reads_lots_and_learns_what_became_of_it(
    company: Company, desk: str
) -> None:
    ann = company.joins(desk)
    viewer = company.joins(desk, "viewer")
    signal = company.hears(desk)
    message = prompt_of(viewer, signal)
    prompt_of(ann, signal).tap("Approve")
    message.shows("Filled")
    company.house.move(desk, "XAUUSD", signal.target)
    told = company.house.chat.wait(viewer.user, "arget hit", after=message.id)
    company.house.books.quiet()
    shown = company.house.chat.messages(viewer.user)
    read = "\n".join(text for each in shown for text in (*each.former, each.text))
    assert told.labels == ()
    assert " lots" not in read
    assert "nothing was sent" not in read


# ---------------------------------------------------------------- own accounts
def test_two_accounts_of_one_person_are_two_prompts_and_an_order_each(
    company: Company, free_accounts: list[str]
) -> None:
    one, two = free_accounts.pop(), free_accounts.pop()
    first = company.joins(one)
    second = company.joins(two, user=first.user)
    signal = company.hears(one, two)
    prompts = [(each, prompt_of(each, signal)) for each in (first, second)]
    for _, prompt in prompts:
        prompt.tap("Approve")
    for seat, prompt in prompts:
        assert seat.account in prompt.shows("Filled").text
        assert len(company.house.books.openings(seat.account)) == 1
    orders = company.house.books.orders(signal.id)
    assert {order["account_id"] for order in orders} == {one, two}
    assert len(orders) == 2


def test_two_persons_decide_each_for_their_own_account(
    company: Company, free_accounts: list[str]
) -> None:
    ann = company.joins(free_accounts.pop())
    bob = company.joins(free_accounts.pop())
    signal = company.hears(ann.account, bob.account)
    hers, his = prompt_of(ann, signal), prompt_of(bob, signal)
    his.tap("Reject")
    hers.tap("Approve")
    hers.shows("Filled")
    books = company.house.books
    assert len(books.openings(ann.account)) == 1
    assert books.openings(bob.account) == []
    assert [order["account_id"] for order in books.orders(signal.id)] == [ann.account]
    assert company.house.receipt(signal.id)["status"] == "executed"


def test_the_lots_of_each_account_follow_from_its_own_money(
    company: Company, desk: str, free_accounts: list[str]
) -> None:
    ann = company.joins(free_accounts.pop())
    bob = company.joins(desk)
    company.house.rig("deposit", account=desk, amount="10000")
    company.house.books.wait(
        "SELECT * FROM guards WHERE id = ? AND equity = '20000'", desk
    )
    signal = company.hears(ann.account, desk)
    for seat in (ann, bob):
        prompt_of(seat, signal)
    lots = {
        row["account_id"]: Decimal(row["lots"])
        for row in company.house.books.prompts(signal.id)
    }
    assert lots[desk] == 2 * lots[ann.account]
