"""A provider's credentials are shown once; what is kept opens nothing by itself."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.keys import new_key_pair
from bot.providers import (
    TOKEN_BYTES,
    Terms,
    add_provider,
    switch_provider,
    traded,
)
from bot.rotation import Rotation, rotate_provider
from core.desk.joining import hash_token
from core.errors import Refused
from core.messages import AuditEntry
from core.users import Provider
from tests.bot.offices import office_in
from tests.bot.web.service import BODY, SIGNALS, serving


@pytest.fixture
async def office(tmp_path):
    async with office_in(tmp_path) as opened:
        yield opened


async def _add(office, name="alpha", instruments=()):
    return await add_provider(
        office.tools, office.vault, name=name, terms=Terms(instruments=instruments)
    )


async def test_a_new_provider_is_enabled_and_written_down(office):
    made = await _add(office, instruments=("XAUUSD",))
    (row,) = await office.journal.find(Provider)
    assert (row.id, row.enabled, row.instruments) == ("alpha", True, ("XAUUSD",))
    (entry,) = await office.journal.find(AuditEntry)
    assert (entry.actor, entry.action) == ("cli", "provider_added")
    assert entry.subject == "provider:alpha"
    assert made.name == "alpha"


async def test_the_secret_is_kept_sealed_and_the_token_as_a_hash(office):
    made = await _add(office)
    (row,) = await office.journal.find(Provider)
    assert made.secret.startswith("whsec_")
    assert made.secret not in repr(row)
    assert made.read_token not in repr(row)
    assert office.open_secrets(row) == (made.secret, None)
    assert row.read_token_hash == hash_token(made.read_token)


async def test_no_two_providers_share_a_secret(office):
    one, two = await _add(office, "one"), await _add(office, "two")
    assert len({one.secret, two.secret, one.read_token, two.read_token}) == 4


async def test_a_name_is_taken_once(office):
    await _add(office)
    with pytest.raises(Refused, match="There is a provider alpha already"):
        await _add(office)


@pytest.mark.parametrize("name", ["", "a b", "ä", "a\nb", "a:b", "-", "x" * 33])
async def test_a_name_that_makes_no_good_header_is_refused(office, name):
    with pytest.raises(Refused, match="A provider's name"):
        await _add(office, name)


@pytest.mark.parametrize("name", ["a", "Alpha-2_b", "x" * 32])
async def test_a_name_is_letters_digits_and_two_marks(office, name):
    assert (await _add(office, name)).name == name


def test_an_instrument_that_is_not_traded_here_is_named():
    traded((), ("XAUUSD",))
    traded(("XAUUSD",), ("XAUUSD", "EURUSD"))
    with pytest.raises(Refused, match=r"GOLD, eurusd is not traded here; .*EURUSD"):
        traded(("eurusd", "XAUUSD", "GOLD"), ("XAUUSD", "EURUSD"))


# ------------------------------------------------------------------ off and on


async def _switch(office, *, enabled, name="alpha"):
    return await switch_provider(office.tools, name, enabled=enabled)


async def test_switching_is_written_down(office):
    await _add(office)
    assert await _switch(office, enabled=False)
    assert await _switch(office, enabled=True)
    entries = await office.journal.find(AuditEntry)
    assert [(each.actor, each.action, each.subject) for each in entries[1:]] == [
        ("cli", "provider_disabled", "provider:alpha"),
        ("cli", "provider_enabled", "provider:alpha"),
    ]


@pytest.mark.parametrize("enabled", [True, False])
async def test_switching_twice_writes_nothing_the_second_time(office, enabled):
    await _add(office)
    await _switch(office, enabled=enabled)
    entries = await office.journal.count(AuditEntry)
    assert not await _switch(office, enabled=enabled)
    assert await office.journal.count(AuditEntry) == entries


async def test_a_provider_that_is_switched_keeps_its_credentials(office):
    made = await _add(office)
    await _switch(office, enabled=False)
    await _switch(office, enabled=True)
    (row,) = await office.journal.find(Provider)
    assert office.open_secrets(row) == (made.secret, None)
    assert row.read_token_hash == hash_token(made.read_token)


async def test_a_provider_that_nobody_knows_cannot_be_switched(office):
    with pytest.raises(Refused, match="no provider moon, nor any other"):
        await _switch(office, name="moon", enabled=False)
    await _add(office)
    with pytest.raises(Refused, match="no provider moon; known: alpha"):
        await _switch(office, name="moon", enabled=False)


async def test_a_disabled_provider_gets_the_answer_that_strangers_get(office, tmp_path):
    async with serving(tmp_path) as service:
        tools = replace(office.tools, journal=service.journal)
        assert (await service.send(BODY)).status == 201
        await switch_provider(tools, "demo", enabled=False)
        refused = await service.send(BODY)
        stranger = await service.send(BODY, X_Provider="stranger")
        assert (refused.status, stranger.status) == (401, 401)
        assert await refused.read() == await stranger.read()
        assert (await service.read(SIGNALS)).status == 401
        await switch_provider(tools, "demo", enabled=True)
        assert (await service.send(BODY)).status == 200


# ------------------------------------------------------------------ credentials


async def _rotated(office, name="alpha", **rotation):
    return await rotate_provider(office.tools, office.vault, name, Rotation(**rotation))


async def _row(office, name="alpha"):
    return await office.journal.get(Provider, name)


async def test_a_new_secret_leaves_the_former_one_its_time(office):
    before = await _add(office)
    made = await _rotated(office, secret=True, keep=timedelta(hours=24))
    row = await _row(office)
    assert office.open_secrets(row) == (made.secret, before.secret)
    assert made.secret != before.secret
    left = row.former_until - office.tools.clock.now()
    assert timedelta(hours=23) < left <= timedelta(hours=24)
    assert made.read_token is made.hook_token is None
    assert row.read_token_hash == hash_token(before.read_token)


async def test_without_any_time_the_former_secret_is_over_at_once(office):
    await _add(office)
    await _rotated(office, secret=True)
    assert (await _row(office)).former_until is None


async def test_only_two_secrets_live_at_once(office):
    await _add(office)
    second = await _rotated(office, secret=True, keep=timedelta(hours=1))
    keep = timedelta(hours=1)
    with pytest.raises(Refused, match="only two can be at once"):
        await _rotated(office, secret=True, keep=keep)
    third = await _rotated(office, secret=True, keep=keep, force=True)
    opened = office.open_secrets(await _row(office))
    assert opened == (third.secret, second.secret)


async def test_tokens_are_new_at_once_and_leave_the_secret_alone(office):
    before = await _add(office)
    made = await _rotated(office, read_token=True, hook_token=True)
    row = await _row(office)
    assert row.read_token_hash == hash_token(made.read_token)
    assert row.hook_token_hash == hash_token(made.hook_token)
    assert made.hook_token != before.hook_token
    assert office.open_secrets(row) == (before.secret, None)


async def test_the_address_for_tradingview_can_be_taken_away(office):
    await _add(office)
    await _rotated(office, no_hook=True)
    assert (await _row(office)).hook_token_hash is None


async def test_with_a_key_pair_no_secret_is_kept(office):
    _, public = new_key_pair()
    made = await add_provider(
        office.tools, office.vault, name="alpha", public_key=public
    )
    row = await _row(office)
    assert (made.secret, row.secret_sealed, row.public_key) == (None, None, public)
    assert office.open_secrets(row) == (None, None)


async def test_a_secret_can_be_changed_for_a_key_pair_and_back(office):
    first = await _add(office)
    _, public = new_key_pair()
    keep = timedelta(hours=1)
    await _rotated(office, secret=True, public_key=public, keep=keep)
    row = await _row(office)
    assert row.public_key == public
    assert office.open_secrets(row) == (None, first.secret)
    made = await _rotated(office, secret=True, keep=keep, force=True)
    row = await _row(office)
    assert (row.public_key, row.former_public_key) == (None, public)
    assert office.open_secrets(row) == (made.secret, None)


async def test_what_leaked_can_be_ended_at_once_in_any_rotation(office):
    await _add(office)
    await _rotated(office, secret=True, keep=timedelta(hours=1))
    await _rotated(office, secret=True)
    assert (await _row(office)).former_until is None


async def test_a_key_has_one_owner(office):
    _, public = new_key_pair()
    await add_provider(office.tools, office.vault, name="one", public_key=public)
    with pytest.raises(Refused, match="That key is one's already"):
        await add_provider(office.tools, office.vault, name="two", public_key=public)


@pytest.mark.parametrize("key", ["", "whpk_AAAA", "whsec_" + "A" * 44])
async def test_what_is_no_public_key_is_refused(office, key):
    await _add(office)
    with pytest.raises(Refused, match="A public key is whpk_"):
        await _rotated(office, secret=True, public_key=key)


@pytest.mark.parametrize("keep", [timedelta(days=7, seconds=1), timedelta(seconds=-1)])
async def test_a_former_secret_lives_a_week_at_most(office, keep):
    await _add(office)
    with pytest.raises(Refused, match="0 hours to 7 days"):
        await _rotated(office, secret=True, keep=keep)


async def test_a_rotation_is_written_down_without_what_it_made(office):
    await _add(office)
    made = await _rotated(office, secret=True, hook_token=True, keep=timedelta(hours=1))
    entry = (await office.journal.find(AuditEntry, order_by="-id", limit=1))[0]
    assert (entry.actor, entry.action) == ("cli", "provider_rotated")
    assert json.loads(entry.detail)["what"] == "secret, tradingview"
    assert made.secret not in repr(entry)
    assert made.hook_token not in repr(entry)


async def test_a_provider_that_nobody_knows_cannot_be_rotated(office):
    with pytest.raises(Refused, match="no provider moon"):
        await _rotated(office, name="moon", secret=True)


def test_a_tradingview_token_has_at_least_128_bits():
    assert TOKEN_BYTES * 8 >= 128
