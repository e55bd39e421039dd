"""The machine's clocks and chance, as the core wants them."""

import re
from datetime import UTC, datetime, timedelta

from bot.clock import SystemClock, SystemIds


def test_now_is_aware_and_in_utc():
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)  # noqa: TID251 - compared


def test_monotonic_time_never_steps_back():
    clock = SystemClock()
    moments = [clock.monotonic() for _ in range(100)]
    assert moments == sorted(moments)


def test_identities_are_26_characters_and_no_two_are_the_same():
    made = [SystemIds().identity() for _ in range(100)]
    assert len(set(made)) == 100
    assert {len(each) for each in made} == {26}


def test_identities_of_one_process_rise_even_when_its_clock_is_set_back(monkeypatch):
    ids = SystemIds()
    made = [ids.identity() for _ in range(100)]
    monkeypatch.setattr("time.time_ns", lambda: 0)
    made += [ids.identity() for _ in range(100)]
    assert made == sorted(set(made))


def test_an_identity_is_a_ulid(monkeypatch):
    """48 bits of milliseconds and 80 of chance, in Crockford's digits."""
    monkeypatch.setattr("time.time_ns", lambda: 1_469_918_176_385_999_999)
    monkeypatch.setattr("secrets.randbits", lambda bits: (1 << bits) - 2)
    ids = SystemIds()
    assert ids.identity() == "01ARYZ6S41" + "Z" * 15 + "Y"
    assert ids.identity() == "01ARYZ6S41" + "Z" * 16


def test_nonces_are_128_bits_that_a_button_can_carry():
    made = [SystemIds().nonce() for _ in range(100)]
    assert len(set(made)) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", each) for each in made)
