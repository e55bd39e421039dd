"""Both signature forms: vectors, the other implementation, and what strangers try."""

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict
from standardwebhooks import Webhook

from bot.keys import is_public_key, new_key_pair, new_secret
from bot.signing import Key, sign_plain, sign_standard, sign_with_key, verify
from tests.fakes import NOON

SECRET = new_secret(bytes(range(32)))
OTHER = new_secret(b"o" * 24)
NOW = int(NOON.timestamp())
PRIVATE = "whsk_" + base64.b64encode(bytes(range(32))).decode()
PUBLIC = "whpk_A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
BODY = b'{"test": 2432232314}'
TOLERANCE = timedelta(seconds=300)

VECTOR_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - published
VECTOR = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
"""As Standard Webhooks publishes it, for ``BODY``."""


def accepts(
    headers: Mapping[str, str] | Sequence[tuple[str, str]],
    body: bytes = BODY,
    *,
    secrets: tuple[str, ...] = (SECRET,),
    now: datetime = NOON,
) -> bool:
    keys = [Key(each) for each in secrets]
    given = CIMultiDict(headers)
    finding = verify(given, body, keys=keys, now=now, tolerance=TOLERANCE)
    return finding is not None and finding.key is not None and finding.fresh


def plain() -> dict[str, str]:
    return sign_plain(SECRET, NOW, BODY)


def standard() -> dict[str, str]:
    return sign_standard(SECRET, "msg_1", NOW, BODY)


def paired() -> dict[str, str]:
    return sign_with_key(PRIVATE, "msg_1", NOW, BODY)


# ------------------------------------------------------------------ good ones


def test_both_forms_are_accepted_as_we_sign_them():
    assert accepts(plain())
    assert accepts(standard())


def test_the_published_vector_is_what_we_sign():
    signed = sign_standard(VECTOR_SECRET, VECTOR["webhook-id"], 1614265330, BODY)
    assert signed == VECTOR


def test_the_published_vector_is_accepted():
    then = datetime.fromtimestamp(1614265330, UTC)
    assert accepts(VECTOR, secrets=(VECTOR_SECRET,), now=then)


def test_the_plain_form_is_an_hmac_with_the_secret_as_printed():
    expected = hmac.new(SECRET.encode(), f"{NOW}.".encode() + BODY, hashlib.sha256)
    assert plain() == {"X-Timestamp": str(NOW), "X-Signature": expected.hexdigest()}


def test_the_other_implementation_signs_what_we_accept():
    signature = Webhook(SECRET).sign("msg_1", NOON, BODY.decode())
    assert accepts({**standard(), "webhook-signature": signature})


def test_the_other_implementation_accepts_what_we_sign():
    present = time.time_ns() // 10**9  # it reads the machine's clock itself
    headers = sign_standard(SECRET, "msg_1", present, BODY)
    assert Webhook(SECRET).verify(BODY, headers) == {"test": 2432232314}


def test_one_good_signature_among_malformed_ones_is_enough():
    good = standard()["webhook-signature"]
    for value in (f"v1 {good}", f"v1,!! {good}", f"a,b,c {good} é", f"v1a,AA== {good}"):
        assert accepts({**standard(), "webhook-signature": value})


def test_a_key_made_ready_once_verifies_again_and_again():
    key, verdicts = Key(SECRET), []
    for number in range(3):
        body = BODY * number
        headers = CIMultiDict(sign_plain(SECRET, NOW, body))
        for sent in (body, body + b" "):
            found = verify(headers, sent, keys=[key], now=NOON, tolerance=TOLERANCE)
            verdicts.append(found is not None and found.key)
    headers = CIMultiDict(standard())
    found = verify(headers, BODY, keys=[key], now=NOON, tolerance=TOLERANCE)
    assert verdicts == [0, None] * 3
    assert found is not None
    assert found.key == 0


def test_the_case_of_a_header_s_name_means_nothing():
    for headers in (plain(), standard()):
        for change in (str.upper, str.lower, str.title):
            assert accepts({change(name): text for name, text in headers.items()})


def test_during_a_rotation_either_secret_is_accepted():
    assert accepts(plain(), secrets=(OTHER, SECRET))
    assert accepts(standard(), secrets=(SECRET, OTHER))


@pytest.mark.parametrize("seconds", [-300, 300])
def test_the_tolerance_is_inclusive(seconds: int):
    assert accepts(plain(), now=NOON + timedelta(seconds=seconds))


def test_a_body_that_is_not_text_is_signed_like_any_other():
    body = b"\xff\x00\xfe"
    assert accepts(sign_plain(SECRET, NOW, body), body)
    assert accepts(sign_standard(SECRET, "a", NOW, body), body)


def test_hex_may_be_in_capitals():
    headers = plain()
    assert accepts({**headers, "X-Signature": headers["X-Signature"].upper()})


# ------------------------------------------------------------------- hostile


@pytest.mark.parametrize("sign", [plain, standard])
@pytest.mark.parametrize("seconds", [-301, 301, 86_400])
def test_a_time_outside_the_tolerance_is_refused(sign, seconds: int):
    assert not accepts(sign(), now=NOON + timedelta(seconds=seconds))


@pytest.mark.parametrize("sign", [plain, standard])
def test_another_body_or_another_secret_is_refused(sign):
    assert not accepts(sign(), BODY + b" ")
    assert not accepts(sign(), b"")
    assert not accepts(sign(), secrets=(OTHER,))
    assert not accepts(sign(), secrets=())


@pytest.mark.parametrize("sign", [plain, standard])
def test_each_header_must_be_there_once(sign):
    headers = sign()
    for name, value in headers.items():
        rest = [(key, each) for key, each in headers.items() if key != name]
        for wrong in (rest, [*headers.items(), (name.upper(), value)]):
            assert not accepts(wrong)


def test_the_two_forms_together_are_refused():
    assert not accepts({**plain(), **standard()})
    assert not accepts({**plain(), "webhook-id": "msg_1"})
    assert not accepts({**standard(), "X-Timestamp": str(NOW)})


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "v1",
        "v1,",
        ",",
        "v1,a,b",
        "v1,!!!",
        "v1,é",
        "\udcff",
        "v2,AAAA",
        "v1 x",
    ],
)
def test_signatures_that_are_none_are_refused(value: str):
    assert not accepts({**standard(), "webhook-signature": value})


def test_another_version_of_the_right_signature_is_refused():
    signature = standard()["webhook-signature"]
    for version in ("v1a", "V1", "v2", ""):
        value = signature.replace("v1", version)
        assert not accepts({**standard(), "webhook-signature": value})


def test_more_than_eight_signatures_are_refused():
    good = standard()["webhook-signature"]
    eight = " ".join(["v1,AAAA"] * 7 + [good])
    assert accepts({**standard(), "webhook-signature": eight})
    assert not accepts({**standard(), "webhook-signature": f"v1,AAAA {eight}"})


def test_more_than_a_kibibyte_of_signatures_is_refused():
    good = standard()["webhook-signature"]
    filling = "x" * (1024 - len(good) - 1)
    assert accepts({**standard(), "webhook-signature": f"{filling} {good}"})
    assert not accepts({**standard(), "webhook-signature": f"x{filling} {good}"})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-1",
        "+1",
        "1.0",
        "1e9",
        " 1",
        "1 ",
        "\u0661",
        "1_0",
        "0x1",
        "9" * 13,
        "\udcff",
    ],
)
def test_timestamps_that_are_not_plain_digits_are_refused(text: str):
    signature = hmac.new(SECRET.encode(), b"", hashlib.sha256)
    signature.update(text.encode(errors="surrogateescape") + b"." + BODY)
    headers = {"X-Timestamp": text, "X-Signature": signature.hexdigest()}
    assert not accepts(headers, now=datetime.fromtimestamp(1, UTC))
    assert not accepts({**standard(), "webhook-timestamp": text})


def test_a_shifted_dot_is_refused():
    shifted = f"{NOW}.".encode() + BODY
    headers = sign_standard(SECRET, "x", NOW - 60, shifted)
    headers |= {"webhook-id": f"x.{NOW - 60}", "webhook-timestamp": str(NOW)}
    assert not accepts(headers, BODY)


@pytest.mark.parametrize("message_id", ["", "a.b", "a b", "é", "a" * 129, "a\n"])
def test_ids_outside_the_grammar_are_refused(message_id: str):
    signature = Webhook(SECRET).sign(message_id, NOON, BODY.decode())
    headers = {"webhook-id": message_id, "webhook-signature": signature}
    assert not accepts({**standard(), **headers})


@pytest.mark.parametrize(
    "secret",
    ["", "whsec_", "whsec_YQ==", "whsec_é", "whsec_!!", SECRET[6:], f"{SECRET} "],
)
def test_a_secret_that_is_none_verifies_and_signs_nothing(secret: str):
    empty = hmac.new(b"", f"{NOW}.".encode() + BODY, hashlib.sha256).hexdigest()
    headers = {"X-Timestamp": str(NOW), "X-Signature": empty}
    assert not accepts(headers, secrets=(secret,))
    assert not accepts(standard(), secrets=(secret,))
    with pytest.raises(ValueError, match="a secret is whsec_"):
        sign_plain(secret, NOW, BODY)
    with pytest.raises(ValueError, match="a secret is whsec_"):
        sign_standard(secret, "a", NOW, BODY)


@pytest.mark.parametrize("length", [0, 1, 23, 65])
def test_a_new_secret_of_another_length_is_refused(length: int):
    with pytest.raises(ValueError, match=f"24 to 64 bytes, not {length}"):
        new_secret(b"x" * length)


@pytest.mark.parametrize("length", [24, 32, 64])
def test_a_new_secret_works_with_the_other_implementation(length: int):
    secret = new_secret(b"x" * length)
    signature = Webhook(secret).sign("m", NOON, "{}")
    expected = sign_standard(secret, "m", NOW, b"{}")["webhook-signature"]
    assert signature == expected


def test_nothing_is_signed_with_a_wrong_id_or_time():
    with pytest.raises(ValueError, match=r"not a message id: 'a\.b'"):
        sign_standard(SECRET, "a.b", NOW, BODY)
    with pytest.raises(ValueError, match="not a timestamp: '-1'"):
        sign_plain(SECRET, -1, BODY)


# ------------------------------------------------------------------ anything

texts = st.text(st.characters(), max_size=60) | st.from_regex(r"v1,[A-Za-z0-9+/]{43}=")
names = st.sampled_from(
    ["X-Timestamp", "x-signature", "webhook-id", "Webhook-Timestamp", "X-Other"]
) | st.just("webhook-signature")
times = texts | st.just(str(NOW))


@given(headers=st.lists(st.tuples(names, times), max_size=8), body=st.binary())
def test_whatever_a_stranger_sends_it_never_raises_and_never_accepts(headers, body):
    assert not accepts(headers, body, secrets=(SECRET, OTHER, PUBLIC))


# ------------------------------------------------------------------ key pairs


def test_what_a_key_pair_signs_is_accepted_by_its_public_key_alone():
    assert accepts(paired(), secrets=(PUBLIC,))
    assert accepts(paired(), secrets=(SECRET, PUBLIC))
    assert not accepts(paired(), secrets=(SECRET,))
    assert not accepts(paired(), secrets=(new_key_pair()[1],))
    assert not accepts(paired(), BODY + b" ", secrets=(PUBLIC,))


def test_a_public_key_is_no_secret_and_a_secret_no_public_key():
    """Whoever reads the database must not be able to sign with what stands there."""
    for secret in (SECRET, PUBLIC.replace("whpk_", "whsec_")):
        headers = sign_standard(secret, "msg_1", NOW, BODY)
        assert not accepts(headers, secrets=(PUBLIC,))
    relabelled = paired()["webhook-signature"].replace("v1a,", "v1,")
    assert not accepts(
        paired() | {"webhook-signature": relabelled}, secrets=(PUBLIC, SECRET)
    )


def test_the_key_that_made_it_is_told_by_its_place():
    def place(headers, keys):
        ready = [Key(each) for each in keys]
        given = CIMultiDict(headers)
        finding = verify(given, BODY, keys=ready, now=NOON, tolerance=TOLERANCE)
        return finding.key, finding.webhook_id

    assert place(plain(), (OTHER, SECRET, PUBLIC)) == (1, None)
    assert place(paired(), (OTHER, SECRET, PUBLIC)) == (2, "msg_1")
    assert place(standard(), (SECRET, SECRET)) == (0, "msg_1")
    assert place(standard(), (OTHER,)) == (None, "msg_1")


@pytest.mark.parametrize(
    "signature", ["v1a,", "v1a", "v1a,!", "v1a,AAAA", "v1a," + "A" * 88, "v1a,é"]
)
def test_a_broken_signature_of_a_pair_hides_no_good_one(signature):
    good = paired()["webhook-signature"]
    both = paired() | {"webhook-signature": f"{signature} {good}"}
    assert accepts(both, secrets=(PUBLIC,))
    alone = paired() | {"webhook-signature": signature}
    assert not accepts(alone, secrets=(PUBLIC,))


@pytest.mark.parametrize(
    "text", ["", "whpk_", "whpk_AAAA", PUBLIC[:-4], PUBLIC + "AAAA", SECRET, PRIVATE]
)
def test_what_is_no_public_key_verifies_nothing(text):
    assert not is_public_key(text)
    assert not accepts(paired(), secrets=(text,))


FIELD = 2**255 - 19
ORDER_8 = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"
WEAK = {
    "zero": 0,
    "identity": 1,
    "order 2": FIELD - 1,
    "order 8": int.from_bytes(bytes.fromhex(ORDER_8), "little"),
    "not canonical": FIELD + 1,
    "no point": 2,
}


@pytest.mark.parametrize("sign_bit", [0, 1])
@pytest.mark.parametrize("y", WEAK.values(), ids=WEAK)
def test_a_key_under_which_anybody_could_sign_is_none(y, sign_bit):
    content = (y | sign_bit << 255).to_bytes(32, "little")
    assert not is_public_key("whpk_" + base64.b64encode(content).decode())


def test_real_keys_are_sound():
    assert is_public_key(PUBLIC)
    assert all(is_public_key(new_key_pair()[1]) for _ in range(20))


def test_more_than_two_signatures_of_pairs_are_not_even_tried():
    signature = paired()["webhook-signature"]
    two = paired() | {"webhook-signature": f"{signature} {signature}"}
    three = paired() | {"webhook-signature": f"{signature} {signature} {signature}"}
    assert accepts(two, secrets=(PUBLIC,))
    assert not accepts(three, secrets=(PUBLIC,))


def test_a_private_key_may_have_its_public_one_behind_it():
    seed, public = (base64.b64decode(each[5:]) for each in (PRIVATE, PUBLIC))
    both = "whsk_" + base64.b64encode(seed + public).decode()
    assert accepts(sign_with_key(both, "msg_1", NOW, BODY), secrets=(PUBLIC,))
    with pytest.raises(ValueError, match="private key is whsk_"):
        sign_with_key(SECRET, "msg_1", NOW, BODY)


@given(
    sign=st.sampled_from([plain, standard]),
    which=st.integers(0, 2),
    at=st.integers(0, 200),
    put=st.characters(),
)
def test_one_changed_character_of_a_good_header_is_never_accepted(sign, which, at, put):
    headers = sign()
    name = list(headers)[which % len(headers)]
    value = headers[name]
    at %= len(value)
    changed = value[:at] + put + value[at + 1 :]
    same = changed.lower() == value.lower() if name == "X-Signature" else False
    assert accepts({**headers, name: changed}) == (same or changed == value)


@given(at=st.integers(0, len(BODY) - 1), bit=st.integers(0, 7))
def test_one_changed_bit_of_a_body_is_never_accepted(at, bit):
    body = bytearray(BODY)
    body[at] ^= 1 << bit
    assert not accepts(plain(), bytes(body))
    assert not accepts(standard(), bytes(body))
