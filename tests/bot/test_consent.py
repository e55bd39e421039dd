"""The newest English text is in force; without one, the text that is shipped."""

import hashlib
import tomllib
from pathlib import Path

import pytest

from bot import consent as module
from bot.config import ConfigError
from bot.consent import (
    folder_in_force,
    missing_folder,
    packaged_texts,
    read_consent,
    read_translations,
)
from bot.settings import Approvals
from bot.telegram.languages.catalogue import ENGLISH, LANGUAGES

ROOT = Path(__file__).parents[2]


def test_the_newest_version_is_in_force(tmp_path):
    for version in (1, 2, 10):
        (tmp_path / f"en-{version}.md").write_text(f"text {version}")
    consent = read_consent(tmp_path)
    assert (consent.version, consent.text) == ("10", "text 10")
    assert consent.sha256 == hashlib.sha256(b"text 10").hexdigest()


def test_other_files_are_no_texts(tmp_path):
    (tmp_path / "en-1.md").write_text("the text")
    for name in ("de-2.md", "en-x.md", "en-2.txt", "xen-3.md"):
        (tmp_path / name).write_text("no text of ours")
    assert read_consent(tmp_path).version == "1"


@pytest.mark.parametrize("name", [".", "nowhere"])
def test_without_a_text_it_says_where_to_put_one(tmp_path, name):
    with pytest.raises(ConfigError, match=r"no consent text in .*Put one there"):
        read_consent(tmp_path / name)


def test_a_text_that_fits_into_no_message_is_refused(tmp_path):
    (tmp_path / "en-1.md").write_text("x" * 4097)
    with pytest.raises(ConfigError, match="is too long: 4096 characters"):
        read_consent(tmp_path)


def test_an_empty_text_is_refused(tmp_path):
    (tmp_path / "en-1.md").write_text(" \n")
    with pytest.raises(ConfigError, match="is empty"):
        read_consent(tmp_path)


# ------------------------------------------------------------------ languages


def test_a_text_may_be_named_by_version_and_language(tmp_path):
    (tmp_path / "en-1.md").write_text("old")
    (tmp_path / "2.en.md").write_text("new")
    consent = read_consent(tmp_path)
    assert (consent.version, consent.text, consent.language) == ("2", "new", "en")
    assert consent.name == "2"


def test_the_version_in_force_is_read_in_every_language_that_it_has(tmp_path):
    for name, text in {
        "1.en.md": "one",
        "1.es.md": "uno",
        "2.en.md": "two",
        "2.es.md": "dos",
        "2.pt.md": "dois",
    }.items():
        (tmp_path / name).write_text(text)
    found = read_translations(tmp_path)
    assert {each.name: each.text for each in found.values()} == {
        "2.es": "dos",
        "2.pt": "dois",
    }
    assert {each.version for each in found.values()} == {"2"}
    assert found["es"].sha256 == hashlib.sha256(b"dos").hexdigest()


def test_a_version_without_an_english_text_is_refused(tmp_path):
    (tmp_path / "en-1.md").write_text("one")
    (tmp_path / "2.es.md").write_text("dos")
    with pytest.raises(ConfigError, match=r"put one there as 2\.en\.md"):
        read_translations(tmp_path)


def test_the_same_text_twice_is_refused(tmp_path):
    (tmp_path / "en-1.md").write_text("one")
    (tmp_path / "1.en.md").write_text("another")
    with pytest.raises(ConfigError, match="are the same text: remove one"):
        read_consent(tmp_path)


def test_an_empty_translation_is_refused(tmp_path):
    (tmp_path / "en-1.md").write_text("one")
    (tmp_path / "1.es.md").write_text(" ")
    with pytest.raises(ConfigError, match=r"1\.es\.md is empty"):
        read_translations(tmp_path)


def test_the_shipped_text_is_there_in_every_language_that_the_bot_speaks():
    found = read_translations(packaged_texts())
    assert set(found) | {ENGLISH} == set(LANGUAGES)


# ------------------------------------------------------------------ which folder


def _named(folder: str) -> Approvals:
    return Approvals(consent_dir=Path(folder))


def test_a_folder_that_is_there_is_in_force(tmp_path):
    (tmp_path / "terms").mkdir()
    assert folder_in_force(tmp_path, _named("terms")) == tmp_path / "terms"
    assert missing_folder(tmp_path, _named("terms")) == ""


@pytest.mark.parametrize("name", ["consent", "terms"])
def test_without_the_folder_the_shipped_text_is_in_force(tmp_path, name):
    folder = folder_in_force(tmp_path, _named(name))
    shipped = (ROOT / "consent" / "en-1.md").read_text(encoding="utf-8")
    assert read_consent(folder).text == shipped


def test_an_empty_folder_is_no_missing_one(tmp_path):
    (tmp_path / "consent").mkdir()
    with pytest.raises(ConfigError, match="no consent text"):
        read_consent(folder_in_force(tmp_path, Approvals()))


def test_a_folder_that_somebody_named_is_missed(tmp_path):
    assert missing_folder(tmp_path, Approvals()) == ""
    assert missing_folder(tmp_path, _named("terms")) == (
        f"There is no folder {tmp_path / 'terms'}, which [approvals] consent_dir names."
    )


def test_an_installed_program_has_the_text_inside(tmp_path, monkeypatch):
    (tmp_path / "consent_texts").mkdir()
    monkeypatch.setattr(module, "_HERE", tmp_path)
    assert packaged_texts() == tmp_path / "consent_texts"


def test_the_wheel_takes_the_very_folder_of_the_checkout():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    setup = settings["tool"]["setuptools"]
    assert "bot.consent_texts" in setup["packages"]
    assert setup["package-dir"] == {"bot.consent_texts": "consent"}
    assert setup["package-data"]["bot.consent_texts"] == ["*.md"]
    assert packaged_texts() == ROOT / "consent"
