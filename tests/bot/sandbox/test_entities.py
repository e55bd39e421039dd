"""Telegram's HTML and what it finds in plain text."""

import html
from contextlib import suppress
from typing import Any

import pytest
from aiogram.types import MessageEntity
from aiogram.utils.text_decorations import html_decoration
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.entities import caption, message_text, said
from bot.sandbox.errors import ApiError
from bot.sandbox.html_markup import parse_html
from bot.sandbox.params import Params


def rich(text: str, **more: Any) -> tuple[str, list[dict[str, Any]]]:
    found = message_text(Params({"text": text, "parse_mode": "HTML"} | more))
    return found.text, list(found.entities)


def refused(text: str, **more: Any) -> str:
    with pytest.raises(ApiError) as error:
        rich(text, **more)
    assert error.value.status == 400
    return error.value.description


@pytest.mark.parametrize(
    ("tag", "kind"),
    [
        ("b", "bold"),
        ("strong", "bold"),
        ("i", "italic"),
        ("em", "italic"),
        ("u", "underline"),
        ("s", "strikethrough"),
        ("code", "code"),
        ("pre", "pre"),
        ("tg-spoiler", "spoiler"),
        ("blockquote", "blockquote"),
    ],
)
def test_a_tag_becomes_its_entity(tag: str, kind: str) -> None:
    expected = ("one two", [{"offset": 4, "length": 3, "type": kind}])
    assert rich(f"one <{tag}>two</{tag}>") == expected


def test_tags_may_be_written_in_capitals() -> None:
    assert rich("<B>x</b >")[1][0]["type"] == "bold"


def test_a_quote_may_be_expandable() -> None:
    _, entities = rich("<blockquote expandable>why</blockquote>")
    assert entities == [{"offset": 0, "length": 3, "type": "expandable_blockquote"}]


def test_a_link_keeps_its_address() -> None:
    _, entities = rich("<a href='https://x.example/?a=1&amp;b=2'>x</a>")
    assert entities == [
        {
            "offset": 0,
            "length": 1,
            "type": "text_link",
            "url": "https://x.example/?a=1&b=2",
        }
    ]


def test_a_link_without_address_is_plain_text() -> None:
    assert rich("<a>x</a>") == ("x", [])


def test_a_time_keeps_its_moment_and_format() -> None:
    _, entities = rich('<tg-time unix="1764000000" format="r">soon</tg-time>')
    assert entities == [
        {
            "offset": 0,
            "length": 4,
            "type": "date_time",
            "unix_time": 1764000000,
            "date_time_format": "r",
        }
    ]


def test_a_time_needs_no_format() -> None:
    _, [entity] = rich("<tg-time unix=1764000000>soon</tg-time>")
    assert "date_time_format" not in entity


@pytest.mark.parametrize("attributes", ["", "unix=x", "unix=1 format=q"])
def test_a_time_that_says_nothing_is_refused(attributes: str) -> None:
    assert 'Tag "tg-time"' in refused(f"<tg-time {attributes}>x</tg-time>")


def test_code_in_pre_names_its_language() -> None:
    text = '<pre><code class="language-python">x = 1</code></pre>'
    assert rich(text)[1] == [
        {"offset": 0, "length": 5, "type": "pre", "language": "python"}
    ]


def test_code_in_pre_without_language_is_only_pre() -> None:
    assert rich("<pre><code>x</code></pre>")[1] == [
        {"offset": 0, "length": 1, "type": "pre"}
    ]


def test_offsets_count_utf_16_units() -> None:
    text, [entity] = rich("🟢 <b>BUY</b>")
    assert (entity["offset"], entity["length"]) == (3, 3)
    assert MessageEntity(**entity).extract_from(text) == "BUY"


def test_outer_entities_come_before_inner_ones() -> None:
    assert [e["type"] for e in rich("<b><i>x</i>y</b>")[1]] == ["bold", "italic"]


def test_named_and_numbered_characters_are_decoded() -> None:
    assert rich("&lt;b&gt; &amp; &quot;&#65;&#x42;&quot; &nbsp;")[0] == (
        '<b> & "AB" &nbsp;'
    )


def test_the_text_is_trimmed_and_entities_with_it() -> None:
    assert rich("  <b> x </b>\n") == (
        "x",
        [{"offset": 0, "length": 1, "type": "bold"}],
    )


def test_an_empty_tag_leaves_no_entity() -> None:
    assert rich("<b></b>x") == ("x", [])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ("🟢 <x>y</x>", 'Unsupported start tag "x" at byte offset 5'),
        ("<b", "Unclosed start tag at byte offset 0"),
        ("<b class=<", "Unclosed start tag at byte offset 0"),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        (
            "<b>x</i>",
            'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"',
        ),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
    ],
)
def test_broken_html_is_refused_in_telegrams_words(text: str, why: str) -> None:
    assert refused(text) == f"Bad Request: can't parse entities: {why}"


def test_an_end_tag_without_name_ends_the_innermost() -> None:
    assert rich("<b>x</>")[1][0]["type"] == "bold"


def test_only_html_is_known() -> None:
    assert refused("*x*", parse_mode="MarkdownV2") == (
        "Bad Request: unsupported parse_mode"
    )


def test_without_parse_mode_tags_are_text() -> None:
    assert message_text(Params({"text": "<b>"})).text == "<b>"


@pytest.mark.parametrize("text", ["", "   \n", "<b></b>"])
def test_a_message_without_text_is_refused(text: str) -> None:
    assert refused(text) == "Bad Request: message text is empty"


def test_4096_units_after_parsing_are_allowed() -> None:
    assert len(rich("<b>" + "x" * 4096 + "</b>")[0]) == 4096


def test_one_unit_more_is_too_long() -> None:
    assert refused("🟢" * 2048 + "x") == "Bad Request: message is too long"


def test_a_caption_has_1024_units() -> None:
    assert caption(Params({"caption": "x" * 1024})).units == 1024


def test_a_longer_caption_is_refused() -> None:
    for long in ("x" * 1025, "🟢" * 513):
        with pytest.raises(ApiError, match="message caption is too long"):
            caption(Params({"caption": long}))


def test_a_caption_may_be_missing() -> None:
    assert caption(Params({})).text == ""


@pytest.mark.parametrize(
    ("text", "kind", "hit"),
    [
        ("try /closeall now", "bot_command", "/closeall"),
        ("/start@tapgate_sandbox_bot x", "bot_command", "/start@tapgate_sandbox_bot"),
        ("see https://x.example/a?b=1.", "url", "https://x.example/a?b=1"),
        ("or t.me/bot?start=x", "url", "t.me/bot?start=x"),
        ("ask @grace please", "mention", "@grace"),
        ("signal #A7F3!", "hashtag", "#A7F3"),
    ],
)
def test_links_and_commands_are_found(text: str, kind: str, hit: str) -> None:
    [entity] = said(text).entities
    assert entity["type"] == kind
    assert MessageEntity(**entity).extract_from(text) == hit


@pytest.mark.parametrize("text", ["EUR/USD 24/7", "a@b.example", "#42", "@me", "1//2"])
def test_other_text_stays_plain(text: str) -> None:
    assert said(text).entities == ()


def test_nothing_is_found_inside_code() -> None:
    assert [e["type"] for e in rich("<code>/start</code>")[1]] == ["code"]


def test_given_entities_replace_the_parse_mode() -> None:
    bold = {"type": "bold", "offset": 3, "length": 3}
    assert rich("🟢 BUY", entities=[bold])[1] == [bold]


@pytest.mark.parametrize(
    "entity",
    [
        {"type": "bold", "offset": 0, "length": 99},
        {"type": "url", "offset": 0, "length": 1},
    ],
)
def test_given_entities_that_do_not_fit_are_dropped(entity: dict[str, Any]) -> None:
    assert rich("x y", entities=[entity])[1] == []


def test_a_given_entity_needs_numbers() -> None:
    assert refused("x", entities=[{"type": "bold"}]) == (
        "Bad Request: can't parse MessageEntity"
    )


@given(st.text())
def test_escaped_text_comes_back_as_it_was(text: str) -> None:
    assert parse_html(html.escape(text, quote=False)) == (text, [])


@given(st.text())
def test_any_text_is_parsed_or_refused(text: str) -> None:
    with suppress(ApiError):
        assert len(parse_html(text)[0]) <= len(text)


TAGS = st.sampled_from(["b", "i", "u", "s", "tg-spoiler"])
WORDS = st.text(alphabet="aß🟢 &<\n", min_size=1)
TREES = st.recursive(
    WORDS.map(lambda words: html.escape(words, quote=False)),
    lambda inner: st.tuples(TAGS, st.lists(inner, min_size=1, max_size=3)).map(
        lambda tree: f"<{tree[0]}>{''.join(tree[1])}</{tree[0]}>"
    ),
)


@given(TREES)
def test_what_aiogram_writes_from_our_entities_parses_to_the_same(source: str) -> None:
    first = caption(Params({"caption": f"x{source}x", "parse_mode": "HTML"}))
    entities = [MessageEntity(**entity) for entity in first.entities]
    again = html_decoration.unparse(first.text, entities)
    second = caption(Params({"caption": again, "parse_mode": "HTML"}))
    assert (second.text, set(map(str, second.entities))) == (
        first.text,
        set(map(str, first.entities)),
    )
