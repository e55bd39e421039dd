"""The newest English text is in force; without one nobody can agree."""

import hashlib

import pytest

from bot.config import ConfigError
from bot.consent import read_consent


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
