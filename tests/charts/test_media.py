"""Pictures as files: whole or not at all, only ours, behind links that expire."""

import asyncio
import errno
import os
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path

import pytest

from charts.media import MediaStore, sign, verify
from core.errors import ChartFailed, Refused
from core.ids import UserId

AT = datetime(2026, 3, 5, 12, tzinfo=UTC)
DATA = b"\x89PNG picture"
HASH = sha256(DATA).hexdigest()
PATH = f"2026-03-05/shared/signal/{HASH}.png"
KEY = b"k" * 32


@pytest.fixture
def store(tmp_path):
    return MediaStore(tmp_path / "media")


async def save(store, **changes):
    return await store.save(
        DATA, **({"at": AT, "owner": "shared", "kind": "signal"} | changes)
    )


def files(store):
    return sorted(p.name for p in store._root.rglob("*") if p.is_file())


async def test_a_picture_is_kept_by_date_owner_kind_and_hash(store):
    media = await save(store)
    assert (media.path, media.sha256, media.size) == (PATH, HASH, len(DATA))
    assert store.path(media.path).read_bytes() == DATA


async def test_a_persons_picture_is_kept_under_the_person(store):
    media = await save(store, owner=UserId(123456), kind="equity")
    assert media.path == f"2026-03-05/123456/equity/{HASH}.png"
    assert store.path(media.path).exists()


async def test_the_date_is_that_in_utc(store):
    late = datetime(2026, 3, 6, 1, tzinfo=timezone(timedelta(hours=2)))
    assert (await save(store, at=late)).path == PATH


async def test_the_same_picture_again_is_the_same_file_and_not_written_twice(store):
    first = await save(store)
    written = store.path(first.path).stat().st_mtime_ns
    assert await save(store) == first
    assert store.path(first.path).stat().st_mtime_ns == written
    assert len(files(store)) == 1


async def test_many_saving_the_same_at_once_leave_one_whole_file(store):
    await asyncio.gather(*(save(store) for _ in range(8)))
    assert files(store) == [f"{HASH}.png"]
    assert store.path(PATH).read_bytes() == DATA


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "../up"},
        {"kind": "Signal"},
        {"kind": ""},
        {"kind": "a/b"},
        {"owner": "nobody"},
        {"owner": UserId(-5)},
        {"owner": UserId(0)},
        {"owner": ".."},
    ],
)
async def test_no_other_folder_can_be_named(store, changes):
    with pytest.raises(ValueError, match="not a place for a picture"):
        await save(store, **changes)
    assert not store._root.exists()


async def test_a_full_disk_fails_the_picture_and_leaves_nothing_behind(
    store, monkeypatch
):
    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ChartFailed, match="could not be stored: No space left"):
        await save(store)
    assert files(store) == []


async def test_a_file_has_its_name_only_once_it_is_on_the_disk(store, monkeypatch):
    seen = []
    real = os.fsync

    def watched(handle):
        seen.append((Path(f"/proc/self/fd/{handle}").readlink().name, files(store)))
        real(handle)

    monkeypatch.setattr(os, "fsync", watched)
    await save(store)
    (first, then), (folder, finally_) = seen
    assert first.startswith(".")
    assert then == [first]
    assert (folder, finally_) == ("signal", [f"{HASH}.png"])


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "../secret",
        f"/{PATH}",
        f"./{PATH}",
        f"{PATH}/",
        f"{PATH}\n",
        f"{PATH}\0",
        PATH.upper(),
        PATH.replace("signal", ".."),
        PATH.replace("signal", "a/../signal"),
        PATH.replace("/", "\\"),
        PATH.replace("shared", "../2026-03-05/shared"),
        PATH.replace("shared", "0123"),
        PATH.replace("2026", "२०२६"),
        PATH.replace(".png", ".svg"),
        PATH.replace(HASH, HASH[:-1]),
        PATH.replace(HASH, "%2e%2e"),
        "2026-03-05/shared/signal",
    ],
)
async def test_a_path_not_of_our_making_is_refused(store, path):
    await save(store)
    with pytest.raises(Refused, match="there is no such picture"):
        store.path(path)


async def test_a_picture_that_is_not_there_is_refused(store):
    with pytest.raises(Refused):
        store.path(PATH)


async def test_a_link_that_leads_out_of_the_folder_is_refused(store, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / f"{HASH}.png").write_bytes(DATA)
    folder = store._root / "2026-03-05" / "shared"
    folder.mkdir(parents=True)
    (folder / "signal").symlink_to(outside)
    with pytest.raises(Refused):
        store.path(PATH)


async def test_a_file_that_is_a_link_is_refused(store, tmp_path):
    (tmp_path / "secret").write_bytes(b"secret")
    folder = store._root / "2026-03-05" / "shared" / "signal"
    folder.mkdir(parents=True)
    (folder / f"{HASH}.png").symlink_to(tmp_path / "secret")
    with pytest.raises(Refused):
        store.path(PATH)


async def test_a_folder_is_no_picture(store):
    (store._root / PATH).mkdir(parents=True)
    with pytest.raises(Refused):
        store.path(PATH)


async def test_the_media_folder_may_itself_be_a_link(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "media").symlink_to(tmp_path / "disk")
    store = MediaStore(tmp_path / "media")
    assert store.path((await save(store)).path).read_bytes() == DATA


async def test_a_store_knows_what_it_has(store):
    media = await save(store)
    assert store.has(media)
    store.path(media.path).unlink()
    assert not store.has(media)


# ------------------------------------------------------------- links


def parts(query):
    return dict(pair.split("=") for pair in query.split("&"))


def allowed(query, *, path=PATH, now=AT, key=KEY, **changes):
    values = parts(query) | changes
    return verify(path, values["expires"], values["signature"], now=now, key=key)


LINK = sign(PATH, AT + timedelta(hours=1), KEY)


def test_a_link_works_until_it_expires():
    assert allowed(LINK)
    assert allowed(LINK, now=AT + timedelta(minutes=59, seconds=59))
    assert not allowed(LINK, now=AT + timedelta(hours=1))


def test_a_link_says_when_it_expires_in_unix_seconds():
    assert parts(LINK)["expires"] == str(int(AT.timestamp()) + 3_600)


def test_a_link_is_for_one_picture_one_moment_and_one_key():
    assert not allowed(LINK, path=PATH.replace("shared", "123"))
    assert not allowed(LINK, expires=str(int(parts(LINK)["expires"]) + 1))
    assert not allowed(LINK, key=b"x" * 32)


@pytest.mark.parametrize("expires", ["", "-1", "1e12", " 1", "9" * 13, "٩٩٩٩٩٩٩٩٩٩"])
def test_a_time_that_is_no_number_is_refused(expires):
    signature = parts(sign(PATH, AT, KEY))["signature"]
    assert not verify(PATH, expires, signature, now=AT, key=KEY)


@pytest.mark.parametrize("signature", ["", "0" * 64, "é", "\ud800", "z" * 10_000])
def test_a_signature_that_is_none_is_refused(signature):
    assert not allowed(LINK, signature=signature)


def test_a_signature_is_64_hexadecimal_digits():
    signature = parts(LINK)["signature"]
    assert len(bytes.fromhex(signature)) == 32
