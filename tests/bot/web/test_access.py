"""Who is let in, and that nobody learns why they are not."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bot import keys, signing
from core.ids import ProviderName
from core.ports import Insert, Save
from core.refusals import RefusalCause, RefusedRequests
from core.users import Provider
from tests.bot.web.service import (
    BODY,
    FORMER,
    NOBODY,
    SECRET,
    SIGNALS,
    TOKEN,
    Service,
    serving,
)
from tests.builders import a_provider

SENT = json.dumps(BODY).encode()


async def refusal(service: Service, headers: list[tuple[str, str]]) -> tuple[int, str]:
    kept = [("Content-Type", "application/json"), *headers]
    answer = await service.client.post(SIGNALS, data=SENT, headers=kept)
    assert answer.content_type == "application/problem+json"
    return answer.status, await answer.text()


def demo(service: Service, **over: str) -> list[tuple[str, str]]:
    headers = {"X-Provider": "demo", **signing.sign_plain(SECRET, now(service), SENT)}
    changed = {name.replace("_", "-"): value for name, value in over.items()}
    return [*(headers | changed).items()]


def now(service: Service) -> int:
    return int(service.clock.now().timestamp())


async def test_every_failure_has_the_same_answer(service: Service) -> None:
    good = demo(service)
    standard = signing.sign_standard(SECRET, "msg_1", now(service), SENT)
    causes = {
        "no headers": [],
        "no provider": good[1:],
        "no signature": good[:-1],
        "unknown provider": demo(service, X_Provider="nobody"),
        "unknown provider, its secret guessed": [
            ("X-Provider", "nobody"),
            *signing.sign_plain(NOBODY, now(service), SENT).items(),
        ],
        "disabled provider": demo(service, X_Provider="off"),
        "name that cannot be": demo(service, X_Provider="\u00e9" * 3),
        "endless name": demo(service, X_Provider="x" * 4000),
        "two providers": [*good, ("X-Provider", "demo")],
        "two signatures": [*good, good[-1]],
        "two forms": [*good, *standard.items()],
        "other body": [
            ("X-Provider", "demo"),
            *signing.sign_plain(SECRET, now(service), b"{}").items(),
        ],
        "other secret": [
            ("X-Provider", "demo"),
            *signing.sign_plain(NOBODY, now(service), SENT).items(),
        ],
        "stale": [
            ("X-Provider", "demo"),
            *signing.sign_plain(SECRET, now(service) - 301, SENT).items(),
        ],
        "from the future": [
            ("X-Provider", "demo"),
            *signing.sign_plain(SECRET, now(service) + 301, SENT).items(),
        ],
    }
    answers = {cause: await refusal(service, sent) for cause, sent in causes.items()}
    assert len(set(answers.values())) == 1, answers
    status, body = answers["stale"]
    assert status == json.loads(body)["status"] == 401
    assert json.loads(body)["type"] == "urn:tapgate:problem:not-authentic"
    assert await service.stored() == []


async def test_an_unknown_provider_costs_the_opening_of_a_secret_too(
    service: Service,
) -> None:
    for name in ("nobody", "off", "demo"):
        await refusal(service, demo(service, X_Provider=name, X_Signature="0" * 64))
    asked = [provider.id if provider else None for provider in service.secrets.asked]
    assert asked == [None, "demo"]  # each once, until somebody's row changes
    await change(service, rate_per_minute=5)
    for name in ("demo", "nobody"):
        await refusal(service, demo(service, X_Provider=name, X_Signature="0" * 64))
    asked = [provider.id if provider else None for provider in service.secrets.asked]
    assert asked == [None, "demo", "demo", None]


async def test_a_signature_ages_with_our_clock(service: Service) -> None:
    headers = [*demo(service)]
    service.clock.advance(timedelta(seconds=300))
    kept = [("Content-Type", "application/json"), *headers]
    answer = await service.client.post(SIGNALS, data=SENT, headers=kept)
    assert answer.status == 201
    service.clock.advance(timedelta(seconds=1))
    assert (await refusal(service, headers))[0] == 401


async def test_fields_are_judged_only_for_who_is_known(service: Service) -> None:
    answer = await service.client.post(
        f"{SIGNALS}?nonsense=1",
        data=b"{",
        headers={"Content-Type": "application/json", "X-Provider": "demo"},
    )
    assert answer.status == 401


async def test_a_secret_that_our_key_does_not_open_is_our_trouble(
    service: Service,
) -> None:
    service.secrets.closed = True
    with capture_logs() as logs:
        answer = await service.send(BODY)
    assert answer.status == 503
    assert answer.headers["Retry-After"] == "5"
    assert "secret" not in await answer.text()
    assert "provider_secret_closed" in [line["event"] for line in logs]


async def test_the_name_of_a_provider_may_hold_spaces(service: Service) -> None:
    named = a_provider(id=ProviderName("two words"))
    await service.journal.commit(Insert(named))
    assert (await service.send(BODY, X_Provider="two words")).status == 201


# ------------------------------------------------------------- rotation


async def change(service: Service, **over: object) -> None:
    row = await service.journal.get(Provider, ProviderName("demo"))
    assert row is not None
    await service.journal.commit(Save(replace(row, **over)))


def by(service: Service, secret: str) -> list[tuple[str, str]]:
    signed = signing.sign_plain(secret, now(service), SENT)
    return [("X-Provider", "demo"), *signed.items()]


async def accepted(service: Service, headers: list[tuple[str, str]]) -> int:
    kept = [("Content-Type", "application/json"), *headers]
    return (await service.client.post(SIGNALS, data=SENT, headers=kept)).status


async def test_during_a_rotation_both_secrets_are_good(service: Service) -> None:
    until = service.clock.now() + timedelta(hours=24)
    rotated = {"former_secret_sealed": "sealed", "former_until": until}
    await change(service, **rotated)
    assert await accepted(service, by(service, SECRET)) == 201
    assert await accepted(service, by(service, FORMER)) == 200
    service.clock.advance(timedelta(hours=24))
    assert await accepted(service, by(service, SECRET)) == 200
    assert await accepted(service, by(service, FORMER)) == 401
    assert causes(await noted(service)) == {RefusalCause.RETIRED: 1}


async def test_a_key_pair_signs_in_the_standard_form(service: Service) -> None:
    private, public = keys.new_key_pair()
    await change(service, secret_sealed=None, public_key=public)
    signed = signing.sign_with_key(private, "msg_1", now(service), SENT)
    headers = [("X-Provider", "demo"), *signed.items()]
    assert await accepted(service, headers) == 201
    assert (await service.stored())[0].webhook_id == "msg_1"
    for secret in (SECRET, FORMER, public.replace("whpk_", "whsec_")):
        assert await accepted(service, by(service, secret)) == 401


async def test_what_stands_where_there_is_no_key_opens_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were the decoy ever guessed, it would still be nobody's."""
    _, public = keys.new_key_pair()
    await change(service, secret_sealed=None, public_key=public)
    monkeypatch.setattr(keys, "new_secret", lambda _: NOBODY)
    async with serving(service.folder.root) as other:
        await change(other, secret_sealed=None, public_key=public)
        assert await accepted(other, by(other, NOBODY)) == 401


async def test_a_webhook_id_with_other_content_is_a_conflict(service: Service) -> None:
    async def post(content: object, message_id: str) -> int:
        body = json.dumps(content).encode()
        signed = signing.sign_standard(SECRET, message_id, now(service), body)
        headers = {"X-Provider": "demo", "Content-Type": "application/json", **signed}
        answer = await service.client.post(SIGNALS, data=body, headers=headers)
        return answer.status

    assert await post(BODY, "msg_1") == 201
    assert await post(BODY, "msg_1") == 200
    assert await post(BODY, "msg_2") == 200
    assert await post({**BODY, "external_id": "another"}, "msg_1") == 409
    assert len(await service.stored()) == 1


# ------------------------------------------------------------- true causes


async def noted(service: Service) -> list[RefusedRequests]:
    await service.refusals.write()
    return await service.journal.find(RefusedRequests)


def causes(rows: list[RefusedRequests]) -> dict[RefusalCause, int]:
    return {row.cause: row.count for row in rows}


async def test_the_true_cause_is_kept_for_the_admins(service: Service) -> None:
    good = demo(service)
    await refusal(service, good[1:])
    await refusal(service, demo(service, X_Provider="brekout"))
    await refusal(service, demo(service, X_Provider="off"))
    await refusal(service, good[:-1])
    await refusal(service, by(service, NOBODY))
    stale = signing.sign_plain(SECRET, now(service) - 301, SENT)
    await refusal(service, [("X-Provider", "demo"), *stale.items()])
    await service.read(SIGNALS, "wrong")
    await service.alert(BODY, "w" * 32)
    rows = await noted(service)
    assert {(row.provider, row.cause.value) for row in rows} == {
        ("", "unnamed"),
        ("brekout", "unknown"),
        ("off", "disabled"),
        ("demo", "unsigned"),
        ("demo", "forged"),
        ("demo", "stale"),
        ("", "reader"),
        ("", "hook"),
    }
    assert {row.address for row in rows} == {"127.0.0.1"}


# ------------------------------------------------------------- read tokens


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_the_read_token_lets_its_provider_read(
    service: Service, scheme: str
) -> None:
    headers = {"Authorization": f"{scheme} {TOKEN}"}
    assert (await service.client.get(SIGNALS, headers=headers)).status == 200


@pytest.mark.parametrize("path", [SIGNALS, f"{SIGNALS}/any", f"{SIGNALS}?page=x"])
async def test_every_wrong_read_token_has_the_same_answer(
    service: Service, path: str
) -> None:
    wrong: list[list[tuple[str, str]]] = [
        [],
        [("Authorization", "")],
        [("Authorization", TOKEN)],
        [("Authorization", f"Basic {TOKEN}")],
        [("Authorization", "Bearer")],
        [("Authorization", "Bearer ")],
        [("Authorization", f"Bearer {TOKEN}x")],
        [("Authorization", f"Bearer {TOKEN} x")],
        [("Authorization", f"Bearer {'x' * 5000}")],
        [("Authorization", "Bearer off")],
        [("Authorization", "Bearer \u00e9")],
    ]
    answers = set()
    for headers in wrong:
        answer = await service.client.get(path, headers=headers)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        answers.add((answer.status, await answer.text()))
    assert len(answers) == 1
    assert answers.pop()[0] == 401
