import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Refused
from storage.secrets import Vault, hash_token, key_from_text, load_or_make_key

KEY = key_from_text("k" * 32)
OTHER_KEY = key_from_text("o" * 32)


@given(st.text(), st.text())
def test_what_was_sealed_can_be_opened(secret: str, owner: str) -> None:
    vault = Vault(KEY)
    assert vault.unseal(vault.seal(secret, owner=owner), owner=owner) == secret


def test_a_sealed_secret_does_not_show_it() -> None:
    assert "whsec_123" not in Vault(KEY).seal("whsec_123", owner="demo")


def test_the_same_secret_is_sealed_differently_each_time() -> None:
    vault = Vault(KEY)
    assert vault.seal("s", owner="demo") != vault.seal("s", owner="demo")


def test_another_key_does_not_open_it_and_says_what_to_look_at() -> None:
    sealed = Vault(KEY).seal("whsec_123", owner="demo")
    with pytest.raises(Refused, match=r"secret of demo .*TAPGATE_SECRET_KEY"):
        Vault(OTHER_KEY).unseal(sealed, owner="demo")


def test_another_owner_does_not_open_it() -> None:
    vault = Vault(KEY)
    sealed = vault.seal("whsec_123", owner="demo")
    with pytest.raises(Refused):
        vault.unseal(sealed, owner="other")


@pytest.mark.parametrize("text", ["", "v1.", "v1.AAAA", "not base64 ü", "v1.\x00"])
def test_what_was_never_sealed_does_not_open(text: str) -> None:
    with pytest.raises(Refused):
        Vault(KEY).unseal(text, owner="demo")


def test_a_vault_does_not_show_its_key() -> None:
    assert repr(Vault(KEY)) == "Vault(***)"


def test_a_key_does_not_depend_on_the_newline_after_it() -> None:
    assert key_from_text("k" * 32 + "\n") == KEY


def test_a_short_key_is_refused_with_a_way_to_make_one() -> None:
    with pytest.raises(Refused, match=r"at least 32 characters.*openssl rand"):
        key_from_text("k" * 31)


def test_a_key_file_is_made_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "data" / "secret.key"
    load_or_make_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [other.name for other in path.parent.iterdir()] == ["secret.key"]


def test_a_key_file_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    assert load_or_make_key(path) == load_or_make_key(path)


def test_two_data_folders_have_two_keys(tmp_path: Path) -> None:
    assert load_or_make_key(tmp_path / "a") != load_or_make_key(tmp_path / "b")


def test_many_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(load_or_make_key, [path] * 8))
    assert set(keys) == {load_or_make_key(path)}


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    load_or_make_key(path)
    path.chmod(0o640)
    with pytest.raises(Refused, match="chmod 600"):
        load_or_make_key(path)


def test_an_empty_key_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    path.touch(mode=0o600)
    with pytest.raises(Refused, match="at least 32"):
        load_or_make_key(path)


def test_a_token_is_kept_as_its_hash() -> None:
    assert hash_token("abc") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
