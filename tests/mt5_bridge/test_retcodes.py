"""Every return code has one meaning, and an unknown one proves nothing."""

import pytest

from core.broker import ResultStatus
from mt5_bridge.retcodes import MEANINGS, Outcome, Retcode, failure_status, meaning


@pytest.mark.parametrize("code", list(Retcode))
def test_every_code_has_a_name_and_a_class(code) -> None:
    told = meaning(code.value)
    assert (told.code, told.name) == (code.value, code.name)


@pytest.mark.parametrize("told", MEANINGS.values(), ids=lambda told: told.name)
def test_a_sentence_says_what_is_wrong_and_only_then(told) -> None:
    if told.outcome is Outcome.OK:
        assert told.sentence == ""
    else:
        assert told.sentence[0].isupper()
        assert told.sentence.endswith(".")


CLASSES = {
    Outcome.OK: {10008, 10009, 10010},
    Outcome.RETRY: {10004, 10020, 10021, 10024, 10028, 10029, 10030},
    Outcome.AMBIGUOUS: {10011, 10012, 10031},
    Outcome.STATE: {10023, 10025, 10036, 10038, 10039},
}


@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_class_holds_exactly_these(outcome) -> None:
    others = set().union(*CLASSES.values())
    expected = CLASSES.get(outcome, {code.value for code in Retcode} - others)
    assert {
        code for code, told in MEANINGS.items() if told.outcome is outcome
    } == expected


@pytest.mark.parametrize("code", [0, 10005, 10037, 10047])
def test_an_unknown_code_is_ambiguous(code) -> None:
    told = meaning(code)
    assert (told.outcome, told.name, told.code) == (Outcome.AMBIGUOUS, "UNKNOWN", code)
    assert str(code) in told.sentence


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (10004, ResultStatus.REJECTED),
        (10019, ResultStatus.REJECTED),
        (10036, ResultStatus.REJECTED),
        (10012, ResultStatus.UNKNOWN),
        (99999, ResultStatus.UNKNOWN),
    ],
)
def test_a_failure_is_certain_or_unknown(code, status) -> None:
    assert failure_status(code) is status


def test_a_success_is_no_failure() -> None:
    with pytest.raises(ValueError, match="10009"):
        failure_status(10009)
