"""Several people around the same signals, on desk accounts and on their own."""

from dataclasses import dataclass, field

from tests.flows.house import House
from tests.flows.seats import Asked, Posted, Seat, a_signal, taken


@dataclass(slots=True, kw_only=True)
class Company:
    """Whoever takes part in one test; at its end they all leave."""

    house: House
    members: list[int] = field(default_factory=list)

    def joins(self, account: str, role: str = "approver", *, user: int = 0) -> Seat:
        """Somebody new, or who is here already, becomes a member."""
        user = user or self.house.new_person()
        self.house.enter(user, account, role)
        if user not in self.members:
            self.members.append(user)
        return Seat(house=self.house, user=user, account=account)

    def hears(self, account: str, *more: str, **content: object) -> Posted:
        """A signal for everybody, at the same held price on all these accounts."""
        signal = a_signal(self.house, account, **content)
        bid, _ = self.house.quote(account, signal["instrument"])
        for other in more:
            self.house.move(other, signal["instrument"], bid)
        return taken(self.house, signal)

    def leave(self) -> None:
        """Block the bot: from here on no signal reaches them."""
        for user in self.members:
            if not _blocked(self.house, user):
                self.house.chat.post("block", user=user)
        for user in self.members:
            self.house.books.wait(
                "SELECT * FROM users WHERE id = ? AND blocked_at IS NOT NULL", user
            )


def _blocked(house: House, user: int) -> bool:
    found = [each for each in house.chat.get("state")["users"] if each["id"] == user]
    return bool(found[0]["blocked"])


def prompt_of(seat: Seat, signal: Posted) -> Asked:
    """This person's prompt on this account, as their chat shows it."""
    row = seat.house.books.wait(
        "SELECT * FROM prompts WHERE signal_id = ? AND user_id = ? AND account_id = ? "
        "AND message_id IS NOT NULL",
        signal.id,
        seat.user,
        seat.account,
    )
    return Asked(house=seat.house, user=seat.user, id=row["message_id"], signal=signal)
