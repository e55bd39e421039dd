"""Where a request ends must be beyond doubt: or it is two requests to somebody."""

from tests.bot.web.hostile.rows import CANARY, GOOD, Row, framed, head, plain

SIZE = str(len(GOOD)).encode()
HEX = f"{len(GOOD):x}".encode()
SECOND = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
"""What a smuggler would have answered."""
CHUNKED = HEX + b"\r\n" + GOOD + b"\r\n0\r\n\r\n"
TE = b"Transfer-Encoding: "
CL = b"Content-Length: "


def _row(name: str, *lines: bytes, body: bytes = GOOD) -> Row:
    request = framed(*lines, body=body + SECOND)
    return Row(name=name, request=request, status=400, kind="unreadable", cut=True)


def _chunks(name: str, body: bytes) -> Row:
    return _row(name, TE + b"chunked", body=body)


_OLD = head([*plain(GOOD)]).replace(b"HTTP/1.1", b"HTTP/1.0", 1)

FRAMING = [
    _row("both lengths, counted first", CL + SIZE, TE + b"chunked", body=CHUNKED),
    _row("both lengths, chunked first", TE + b"chunked", CL + SIZE, body=CHUNKED),
    _row("both lengths, counted as nothing", CL + b"0", TE + b"chunked", body=CHUNKED),
    _row("two equal lengths", CL + SIZE, CL + SIZE),
    _row("two unequal lengths", CL + SIZE, CL + b"0"),
    _row("a list of equal lengths", CL + SIZE + b", " + SIZE),
    _row("a list of unequal lengths", CL + SIZE + b",0"),
    _row("a length with a plus", CL + b"+" + SIZE),
    _row("a length with a minus", CL + b"-" + SIZE),
    _row("a length in hexadecimal", CL + b"0x" + HEX),
    _row("a length with a fraction", CL + SIZE + b".0"),
    _row("a length with an exponent", CL + b"2e2"),
    _row("a length with an underscore", CL + b"2_2"),
    _row("a length with a space inside", CL + b"2 2"),
    _row("a length in quotes", CL + b'"' + SIZE + b'"'),
    _row("no length in the line of it", CL),
    _row("a length in words", CL + CANARY),
    _row("a length in Arabic digits", CL + "٢٢".encode()),
    _row("a length beyond 64 bits", CL + b"9" * 30),
    _row("a length beyond 64 bits that wraps", CL + b"18446744073709551618"),
    _row("a length and a NUL", CL + SIZE + b"\x00"),
    _row("space before the colon of the length", b"Content-Length : " + SIZE),
    _row("chunked after gzip", TE + b"gzip, chunked", body=CHUNKED),
    _row("gzip after chunked", TE + b"chunked, gzip", body=CHUNKED),
    _row("gzip alone", TE + b"gzip", body=CHUNKED),
    _row("chunked twice in a line", TE + b"chunked, chunked", body=CHUNKED),
    _row("chunked twice", TE + b"chunked", TE + b"chunked", body=CHUNKED),
    _row("chunked and identity", TE + b"chunked", TE + b"identity", body=CHUNKED),
    _row("identity", TE + b"identity", body=CHUNKED),
    _row("a coding that sounds like chunked", TE + b"xchunked", body=CHUNKED),
    _row("chunked in quotes", TE + b'"chunked"', body=CHUNKED),
    _row("chunked with a parameter", TE + b"chunked;q=1", body=CHUNKED),
    _row("chunked behind a vertical tab", TE + b"\x0bchunked", body=CHUNKED),
    _row("chunked on a folded line", TE + b"\r\n chunked", body=CHUNKED),
    _row("space before the colon of the coding", b"Transfer-Encoding : chunked"),
    _row("no coding in the line of it", TE, body=CHUNKED),
    _row("a coding nobody knows", TE + CANARY, body=CHUNKED),
    Row(
        name="chunked in HTTP/1.0",
        request=_OLD[:-2] + TE + b"chunked\r\n\r\n" + CHUNKED,
        status=400,
        kind="unreadable",
        cut=True,
    ),
    _chunks("a chunk size that is no number", b"zz\r\n" + GOOD),
    _chunks("a chunk size with a minus", b"-1\r\n" + GOOD),
    _chunks("a chunk size with a plus", b"+" + CHUNKED),
    _chunks("a chunk size with 0x", b"0x" + CHUNKED),
    _chunks("a chunk size with an underscore", b"0_" + CHUNKED),
    _chunks("a chunk size beyond 64 bits", b"f" * 18 + b"\r\n" + GOOD),
    _chunks("a space behind the chunk size", HEX + b" \r\n" + GOOD + b"\r\n0\r\n\r\n"),
    _chunks("a space before the chunk size", b" " + CHUNKED),
    _chunks("no chunk size", b"\r\n" + GOOD + b"\r\n0\r\n\r\n"),
    _chunks("a bare line feed behind the size", HEX + b"\n" + GOOD + b"\n0\n\n"),
    _chunks("a bare carriage return behind the size", HEX + b"\r" + GOOD),
    _chunks("more in a chunk than its size", HEX + b"\r\n" + GOOD + b"xx0\r\n\r\n"),
    _chunks("a NUL in a chunk's extension", HEX + b";a\x00=b\r\n" + GOOD),
    _chunks("a trailer without a colon", CHUNKED[:-2] + CANARY + b"\r\n\r\n"),
    _chunks("a trailer with a NUL", CHUNKED[:-2] + b"X: \x00\r\n\r\n"),
]
