"""Types, encodings, sizes, queries, methods and paths around a good signal."""

import gzip
import zlib

from tests.bot.web.hostile.rows import (
    CANARY,
    GOOD,
    Line,
    Row,
    framed,
    head,
    plain,
    post,
    read,
)
from tests.bot.web.service import SIGNALS, TOKEN

_SIZE = f"Content-Length: {len(GOOD)}".encode()
_HOOK = "/hooks/tradingview"


def _typed(name: str, *lines: Line | bytes) -> Row:
    request = post(GOOD, kind=lines)
    return Row(name=name, request=request, status=415, kind="unsupported-media")


def _type(value: str) -> Row:
    return _typed(f"type {value!r}", ("Content-Type", value))


def _coded(*codings: str, body: bytes = GOOD, name: str = "") -> Row:
    lines = [("Content-Encoding", coding) for coding in codings]
    return Row(
        name=name or f"coding {codings}",
        request=post(body, more=lines),
        status=415,
        kind="unsupported-media",
    )


def _large(name: str, request: bytes) -> Row:
    return Row(name=name, request=request, status=413, kind="too-large")


def _length(size: int) -> bytes:
    return framed(f"Content-Length: {size}".encode(), body=b"")


def _chunks(size: int, count: int = 1) -> bytes:
    chunk = f"{size:x}\r\n".encode() + b" " * size + b"\r\n"
    return framed(b"Transfer-Encoding: chunked", body=chunk * count + b"0\r\n\r\n")


def _asked(query: str, *fields: str) -> Row:
    return Row(
        name=f"query {query[:40]}",
        request=post(GOOD, query=query),
        status=422,
        kind="invalid-fields",
        fields=fields or ("dry_run",),
    )


def _listed(query: str, *fields: str) -> Row:
    return Row(
        name=f"list {query[:40]}",
        request=read(query),
        status=422,
        kind="invalid-fields",
        fields=fields,
    )


def _stranger(name: str, *lines: Line | bytes) -> Row:
    return Row(name=name, request=read("", *lines), status=401, kind="not-authentic")


def _method(method: str, path: str = SIGNALS, status: int = 405) -> Row:
    lines = [*plain(GOOD), _SIZE]
    request = head(lines, start=f"{method} {path}".encode()) + GOOD
    return Row(name=f"{method} {path}", request=request, status=status)


def _path(path: str, status: int = 404, kind: str = "") -> Row:
    lines = [*plain(GOOD), ("Content-Type", "application/json"), _SIZE]
    request = head(lines, start=f"POST {path}".encode()) + GOOD
    return Row(name=f"path {path[:60]}", request=request, status=status, kind=kind)


def _seen(path: str, status: int, kind: str) -> Row:
    request = head([("Authorization", f"Bearer {TOKEN}")], start=f"GET {path}".encode())
    return Row(name=f"GET {path[:60]}", request=request, status=status, kind=kind)


TYPES = [
    _typed("no type"),
    *map(
        _type,
        (
            "",
            ";",
            ";;;===",
            "text/plain",
            "text/json",
            "text/html",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/jsonp",
            "application/json+x",
            "application/+json",
            "application/ json",
            "application/json, text/plain",
            "application/json\\",
            "application",
            "application/*",
            "*/*",
            "json",
            "application/octet-stream",
            "application/ndjson",
            "image/png; application/json",
            '"application/json"',
            CANARY.decode(),
        ),
    ),
    _typed("a type in UTF-8", "Content-Type: applicatiön/json".encode()),
    _coded("gzip", body=gzip.compress(GOOD, mtime=0), name="gzip indeed"),
    _coded("deflate", body=zlib.compress(GOOD), name="deflate indeed"),
    _coded("gzip", body=gzip.compress(bytes(3_000_000), mtime=0), name="a bomb"),
    _coded("gzip"),
    _coded("x-gzip"),
    _coded("compress"),
    _coded("br"),
    _coded("zstd"),
    _coded("identity"),
    _coded(""),
    _coded("gzip, gzip"),
    _coded("gzip", "identity"),
    _coded("utf-8"),
]

SIZES = [
    _large("a byte too many", post(GOOD.ljust(4097))),
    _large("a byte too many, announced only", _length(4097)),
    _large("a megabyte, announced only", _length(2**20)),
    _large("a terabyte, announced only", _length(2**40)),
    _large("all of 63 bits, announced only", _length(2**63 - 1)),
    _large("a byte too many in one chunk", _chunks(4097)),
    _large("a byte too many in small chunks", _chunks(1, 4097)),
    _large("a megabyte in chunks", _chunks(65_536, 16)),
    _large(
        "too much, and it asks first",
        framed(b"Expect: 100-continue", b"Content-Length: 4097", body=b""),
    ),
]

QUERIES = [
    _asked("?dry_run=yes"),
    _asked("?dry_run="),
    _asked("?dry_run"),
    _asked("?dry_run=TRUE"),
    _asked("?dry_run=01"),
    _asked("?dry_run=+1"),
    _asked("?dry_run=1.0"),
    _asked("?dry_run=%31%00"),
    _asked("?dry_run=%ff"),
    _asked("?dry_run=1%0d%0aX-A:%20b"),
    _asked("?dry_run=1&dry_run=1"),
    _asked("?dry_run=1&dry_run=0"),
    _asked("?dry_run=1;dry_run=0"),
    _asked("?dry_run=" + "1" * 4000),
    _asked("?DRY_RUN=1", "DRY_RUN"),
    _asked("?dryrun=1", "dryrun"),
    _asked("?dry_run[]=1", "dry_run[]"),
    _asked("?=1", ""),
    _asked("?x=1&x=2", "x"),
    _asked("?" + "%C3%A9" + "=1", "é"),
    _listed("?page=0", "page"),
    _listed("?page=-1", "page"),
    _listed("?page=1e3", "page"),
    _listed("?page=", "page"),
    _listed("?page=" + "9" * 40, "page"),
    _listed("?page=1&page=2", "page"),
    _listed("?page=" + "%D9%A1", "page"),
    _listed("?page_size=0", "page_size"),
    _listed("?page_size=101", "page_size"),
    _listed("?page_size=ten", "page_size"),
    _listed("?page=1000000&page_size=100", "page"),
    _listed("?status=NEW", "status"),
    _listed("?status=", "status"),
    _listed("?as_of=yesterday", "as_of"),
    _listed("?as_of=2026-11-24T12:00:00", "as_of"),
    _listed("?as_of=2026-13-01T00:00:00Z", "as_of"),
    _listed("?as_of=0001-01-01T00:00:00%2B14:00", "as_of"),
    _listed("?provider=other", "provider"),
    _listed("?order_by=id", "order_by"),
]

READERS = [
    _stranger("no bearer", b"X-A: b"),
    _stranger("an empty authorization", ("Authorization", "")),
    _stranger("a bearer of nothing", ("Authorization", "Bearer ")),
    _stranger("another token", ("Authorization", f"Bearer {TOKEN}x")),
    _stranger("half a token", ("Authorization", f"Bearer {TOKEN[:-1]}")),
    _stranger("a token in capitals", ("Authorization", f"Bearer {TOKEN.upper()}")),
    _stranger("a token alone", ("Authorization", TOKEN)),
    _stranger("another scheme", ("Authorization", f"Basic {TOKEN}")),
    _stranger("two tokens", ("Authorization", f"Bearer {TOKEN} {TOKEN}")),
    _stranger("a list of tokens", ("Authorization", f"Bearer {TOKEN},{TOKEN}")),
    _stranger("a long token", ("Authorization", "Bearer " + "t" * 201)),
    _stranger("a token in UTF-8", "Authorization: Bearer tökén".encode()),
    _stranger("a disabled provider's token", ("Authorization", "Bearer off")),
    _stranger(
        "the token twice",
        ("Authorization", f"Bearer {TOKEN}"),
        ("Authorization", f"Bearer {TOKEN}"),
    ),
    _stranger("the token as a cookie", ("Cookie", f"token={TOKEN}")),
]

PLACES = [
    *map(_method, ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "QUERY")),
    _method("CONNECT", "tapgate.example:443", 404),
    _method("OPTIONS", "*", 404),
    _method("POST", "/healthz"),
    _method("POST", "/readyz"),
    _method("GET", f"{_HOOK}/{'t' * 32}"),
    *map(
        _path,
        (
            "/",
            "/api",
            "/api/v1",
            f"{SIGNALS}/",
            f"/{SIGNALS}",
            SIGNALS.upper(),
            f"{SIGNALS}%00",
            f"{SIGNALS}%20",
            f"{SIGNALS};x=y",
            f"{SIGNALS}%3fdry_run=1",
            "/api/v2/signals",
            "/api%2fv1%2fsignals",
            "/.env",
            "/%ff",
            "/%zz",
            "/%00",
            "/" + "a/" * 2000,
            "/" + CANARY.decode(),
            "//[::1",
            _HOOK,
            f"{_HOOK}/",
            "http://other.example/nowhere",
        ),
    ),
    _path(f"{_HOOK}/short", 401, "not-authentic"),
    _path(f"{_HOOK}/{'t' * 32}", 401, "not-authentic"),
    _path(f"{_HOOK}/{'t' * 3000}", 401, "not-authentic"),
    _path(f"{_HOOK}/{'t' * 16}%00", 401, "not-authentic"),
    _path(f"{_HOOK}/{TOKEN}", 401, "not-authentic"),
    _seen(f"{SIGNALS}/1", 404, "not-found"),
    _seen(f"{SIGNALS}/%00", 404, "not-found"),
    _seen(f"{SIGNALS}/{'A' * 3000}", 404, "not-found"),
    _seen(f"{SIGNALS}/%2e%2e%2fhealthz", 404, "not-found"),
    _seen("/media/a.png", 403, "link-refused"),
    _seen("/media/../../etc/passwd", 403, "link-refused"),
    _seen("/media/%2e%2e/%2e%2e/etc/passwd", 403, "link-refused"),
    _seen("/media/a.png?expires=x&signature=y", 403, "link-refused"),
    _seen("/media/a.png?expires=1&expires=2&signature=y", 403, "link-refused"),
    _seen(f"/media/a.png?expires={'9' * 400}&signature=x", 403, "link-refused"),
]
