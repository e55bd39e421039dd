"""Buttons carry little, and nothing that is believed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import SystemIds
from bot.telegram import callbacks
from bot.telegram.callbacks import Press, Pressed, pack, unpack


@given(st.sampled_from(Press), st.text(max_size=14))
def test_what_a_button_carries_is_read_again(press, argument):
    assert unpack(pack(press, argument)) == Pressed(press, argument)


@pytest.mark.parametrize("press", Press)
def test_every_button_has_room_for_what_it_names(press):
    ids = SystemIds()
    for argument in (ids.nonce(), ids.identity(), f"{'a' * 32}@{2**33}"):
        assert len(pack(press, argument).encode()) <= callbacks.LIMIT


def test_data_that_telegram_would_refuse_is_never_packed():
    pack(Press.APPROVE, "é" * 29 + "x")
    with pytest.raises(ValueError, match="at most 64 bytes"):
        pack(Press.APPROVE, "é" * 30)


@pytest.mark.parametrize(
    "data", [None, "", "1", "1:", "1:zz:x", "0:ap:x", "2:ap:x", "ap:x", "1:AP:x", ":::"]
)
def test_data_of_another_version_or_none_of_ours_means_nothing(data):
    assert unpack(data) is None


@given(st.text())
def test_any_data_is_read_without_an_error(data):
    pressed = unpack(data)
    assert pressed is None or pressed.press in set(Press)


def test_an_argument_may_hold_the_separator():
    assert unpack("1:pa:live1@1:2") == Pressed(Press.PANIC, "live1@1:2")


def test_no_two_buttons_share_a_code():
    assert len({press.value for press in Press}) == len(Press)
