import json
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from core.audit import GENESIS, fits, link
from core.messages import AuditEntry
from tests.fakes import NOON

WORDS = st.text(alphabet='ab"\\é', max_size=4)
FACTS = st.lists(
    st.tuples(WORDS, WORDS, WORDS, st.dictionaries(WORDS, WORDS, max_size=3)),
    min_size=2,
    max_size=8,
)
FIELDS = ("id", "at", "actor", "action", "subject", "detail", "previous", "hash")


def chain(facts) -> list[AuditEntry]:
    entries: list[AuditEntry] = []
    for number, (actor, action, subject, detail) in enumerate(facts):
        entries.append(
            link(
                entries[-1] if entries else None,
                at=NOON + timedelta(seconds=number),
                actor=actor,
                action=action,
                subject=subject,
                detail=detail,
            )
        )
    return entries


def holds(entries: list[AuditEntry]) -> bool:
    before = [None, *entries[:-1]]
    return all(fits(a, b) for a, b in zip(before, entries, strict=True))


def other(value: object) -> object:
    if isinstance(value, int):
        return value + 1
    return value + "x" if isinstance(value, str) else NOON - timedelta(days=1)


@given(FACTS)
def test_an_untouched_chain_holds(facts):
    assert holds(chain(facts))


@given(FACTS, st.data())
def test_one_changed_field_breaks_the_chain(facts, data):
    entries = chain(facts)
    place = data.draw(st.integers(0, len(entries) - 1))
    name = data.draw(st.sampled_from(FIELDS))
    value = getattr(entries[place], name)
    entries[place] = replace(entries[place], **{name: other(value)})
    assert not holds(entries)


@given(FACTS, st.data())
def test_a_removed_entry_breaks_the_chain(facts, data):
    entries = chain(facts)
    del entries[data.draw(st.integers(0, len(entries) - 2))]
    assert not holds(entries)


@given(FACTS, st.data())
def test_two_swapped_entries_break_the_chain(facts, data):
    entries = chain(facts)
    place = data.draw(st.integers(0, len(entries) - 2))
    entries[place : place + 2] = reversed(entries[place : place + 2])
    assert not holds(entries)


def forge(entries: list[AuditEntry], place: int) -> None:
    """Rewrite an entry so that it fits what is before it."""
    entries[place] = link(
        entries[place - 1] if place else None,
        at=NOON,
        actor="forger",
        action=entries[place].action + "!",
        subject="",
        detail={},
    )


@given(FACTS, st.data())
def test_a_rewritten_entry_with_a_right_hash_of_its_own_breaks_the_next(facts, data):
    entries = chain(facts)
    forge(entries, data.draw(st.integers(0, len(entries) - 2)))
    assert not holds(entries)


@given(FACTS, st.data())
def test_an_entry_that_is_bent_to_follow_a_rewritten_one_does_not_hold(facts, data):
    entries = chain(facts)
    place = data.draw(st.integers(0, len(entries) - 2))
    forge(entries, place)
    entries[place + 1] = replace(entries[place + 1], previous=entries[place].hash)
    assert not holds(entries)


def test_the_first_entry_follows_the_genesis():
    first = chain([("a", "b", "c", {})])[0]
    assert (first.id, first.previous) == (1, GENESIS)


def test_the_detail_is_json_with_sorted_keys():
    entry = chain([("a", "b", "c", {"z": "1", "a": "2"})])[0]
    assert entry.detail == json.dumps({"a": "2", "z": "1"}, separators=(",", ":"))
