"""Start lines and header lines that are none, or too much."""

from tests.bot.web.hostile.rows import CANARY, GOOD, Row, framed, head

_LENGTH = f"Content-Length: {len(GOOD)}".encode()
_FOLLOWS = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


def _line(name: str, line: bytes, *, status: int = 400) -> Row:
    """A signed signal with one line more."""
    kind = "unreadable" if status == 400 else "head-too-large"
    request = framed(_LENGTH, line)
    return Row(name=name, request=request, status=status, kind=kind, cut=True)


def _start(name: str, start: bytes, *, status: int = 400) -> Row:
    """A whole start line; what follows it is right."""
    kind = "unreadable" if status == 400 else "head-too-large"
    request = head([], start=b"#").replace(b"# HTTP/1.1", start, 1)
    return Row(
        name=name, request=request + _FOLLOWS, status=status, kind=kind, cut=True
    )


def _whole(name: str, request: bytes) -> Row:
    return Row(name=name, request=request, status=400, kind="unreadable", cut=True)


HEADS = [
    _line("a folded line", b"X-A: b\r\n " + CANARY),
    _line("a line folded by a tab", b"X-A: b\r\n\t" + CANARY),
    _line("space before the colon", b"X-A : " + CANARY),
    _line("a tab before the colon", b"X-A\t: " + CANARY),
    _line("no colon", b"X-A " + CANARY),
    _line("a colon alone", b":"),
    _line("no name", b": " + CANARY),
    _line("a name with a space", b"X A: b"),
    _line("a name with a NUL", b"X\x00A: b"),
    _line("a name in Latin-1", b"X\xe9: b"),
    _line("a name in UTF-8", "Überschrift: b".encode()),
    _line("a name in parentheses", b"X(A): b"),
    _line("a name with a slash", b"X/A: b"),
    _line("a name with an at", b"X@A: b"),
    _line("a name with a quote", b'"X": b'),
    _line("a name with a control", b"X\x07: b"),
    _line("a value with a NUL", b"X-A: a\x00" + CANARY),
    _line("a value with a control", b"X-A: a\x01" + CANARY),
    _line("a value with a delete", b"X-A: a\x7f" + CANARY),
    _line("a value with an escape", b"X-A: \x1b[2J" + CANARY),
    _line("a value with a bare carriage return", b"X-A: a\rX-B: " + CANARY),
    _line("a value with a bare line feed", b"X-A: a\nX-B: " + CANARY),
    _line("a second host", b"Host: other.example"),
    _line("a second Content-Type", b"Content-Type: application/json"),
    _line("a value beyond 8,190 bytes", b"X-A: " + CANARY + b"a" * 8200, status=431),
    _line("a value of a megabyte", b"X-A: " + b"a" * 1_000_000, status=431),
    _line("a name beyond 8,190 bytes", b"a" * 8200 + b": b", status=431),
    _line(
        "two hundred lines",
        b"\r\n".join(b"X-%d: b" % n for n in range(200)),
        status=431,
    ),
    _line(
        "many lines, each allowed, too much in all",
        b"\r\n".join(b"X-%d: %s" % (n, b"b" * 8000) for n in range(60)),
        status=431,
    ),
    _start(
        "a path beyond 8,190 bytes", b"GET /" + b"a" * 8200 + b" HTTP/1.1", status=431
    ),
    _start(
        "a query beyond 8,190 bytes", b"GET /?" + b"a" * 8200 + b" HTTP/1.1", status=431
    ),
    _start("HTTP/0.9", b"GET /healthz"),
    _start("HTTP/0.9 by name", b"GET /healthz HTTP/0.9"),
    _start("HTTP/1.2", b"GET /healthz HTTP/1.2"),
    _start("HTTP/1.10", b"GET /healthz HTTP/1.10"),
    _start("HTTP/1", b"GET /healthz HTTP/1"),
    _start("HTTP/11", b"GET /healthz HTTP/11"),
    _start("HTTP/2.0", b"GET /healthz HTTP/2.0"),
    _start("HTTP/3.0", b"GET /healthz HTTP/3.0"),
    _start("HTTP/9.9", b"GET /healthz HTTP/9.9"),
    _start("http in small letters", b"GET /healthz http/1.1"),
    _start("another protocol", b"GET /healthz HTP/1.1"),
    _start("SIP", b"OPTIONS sip:x SIP/2.0"),
    _start("a version with a minus", b"GET /healthz HTTP/-1.1"),
    _start("a version in words", b"GET /healthz HTTP/one.one"),
    _start("a version and more", b"GET /healthz HTTP/1.1 " + CANARY),
    _start("a method nobody knows", b"BREW /" + CANARY + b" HTTP/1.1"),
    _start("a method in small letters", b"get /healthz HTTP/1.1"),
    _start("a method with a slash", b"G/T /healthz HTTP/1.1"),
    _start("a method in UTF-8", "GÉT /healthz HTTP/1.1".encode()),
    _start("a method of 9,000 letters", b"A" * 9000 + b" /healthz HTTP/1.1"),
    _start("a method alone", b"GET"),
    _start("no method", b"/healthz HTTP/1.1"),
    _start("no path", b"GET  HTTP/1.1"),
    _start("a path without a slash", b"GET " + CANARY + b" HTTP/1.1"),
    _start("a star where there is none", b"GET * HTTP/1.1"),
    _start("a path with a space", b"GET /a " + CANARY + b" HTTP/1.1"),
    _start("a path with a NUL", b"GET /\x00" + CANARY + b" HTTP/1.1"),
    _start("a path in bare UTF-8", "GET /é HTTP/1.1".encode()),
    _start("a path that is not UTF-8", b"GET /\xff HTTP/1.1"),
    _start("tabs between the parts", b"GET\t/healthz\tHTTP/1.1"),
    _start("an address with half an IPv6", b"GET http://[::1/healthz HTTP/1.1"),
    _start("an address with an absurd port", b"GET http://x:99999999/ HTTP/1.1"),
    _start("an address without a host", b"GET http:///healthz HTTP/1.1"),
    _whole("no host", b"GET /" + CANARY + b" HTTP/1.1\r\n\r\n"),
    _whole(
        "a space before the first line", b"GET / HTTP/1.1\r\n X: c\r\nHost: x\r\n\r\n"
    ),
    _whole("bare line feeds throughout", b"GET /" + CANARY + b" HTTP/1.1\nHost: x\n\n"),
    _whole("bare carriage returns", b"GET /" + CANARY + b" HTTP/1.1\rHost: x\r\r"),
    _whole("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    _whole("a TLS client's hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    _whole("an SSH client", b"SSH-2.0-OpenSSH_9.6\r\n"),
    _whole("an SMTP client", b"EHLO " + CANARY + b"\r\n"),
    _whole("a Redis client", b"*1\r\n$4\r\nPING\r\n"),
    _whole("zeros", bytes(512)),
    _whole("an answer", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
]
