"""A kill between the guard's trigger and its flat account."""

from tests.flows.guarded import GAP, GUARDED, phase, unprotected
from tests.flows.house import opened
from tests.flows.seats import Seat, sit_down


def test_a_guard_killed_between_trigger_and_flat_goes_on(tmp_path) -> None:
    config = {"accounts": {"seat1": GUARDED}}
    with opened(tmp_path, config) as house:
        seat = sit_down(house, "seat1")
        open_prompt = seat.asked(instrument="EURUSD")
        prompt = unprotected(seat)
        seat.broker(refuse={"retcode": 10018, "of": "close", "times": 99})
        seat.move(prompt.signal.entry - GAP)
        phase(seat, "closing")
        house.service.kill()
        assert len(house.books.ledger("seat1").positions) == 1

        house.start()
        phase(seat, "locked")
        prompt.shows("Closed by the guard")
        house.chat.wait(seat.user, "is flat", after=prompt.id)
        house.books.quiet()
        assert house.books.ledger("seat1").positions == ()
        assert open_prompt.now.labels == ()
        proves_no_entry(seat)


def proves_no_entry(seat: Seat) -> None:
    """A signal after the restart still meets a locked guard."""
    signal = seat.post(instrument="GBPUSD")
    shown = seat.house.chat.wait(seat.user, "GBPUSD")
    assert shown.labels == ()
    assert seat.house.books.orders(signal.id) == []
