"""Whose signals a group shows."""

import pytest

from core.ids import ProviderName
from core.users import EVERY_PROVIDER
from tests.builders import a_group_chat

DEMO, GOLD = ProviderName("demo"), ProviderName("gold")


@pytest.mark.parametrize(
    ("shown", "enabled", "expected"),
    [
        (EVERY_PROVIDER, True, True),
        (DEMO, True, True),
        (GOLD, True, False),
        (EVERY_PROVIDER, False, False),
    ],
)
def test_a_group_shows_what_it_was_told_to(shown, enabled, expected):
    group = a_group_chat(provider=shown, enabled=enabled)
    assert group.shows(DEMO) is expected
