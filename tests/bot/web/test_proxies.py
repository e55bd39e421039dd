"""Who is asking, and whether TradingView showed its certificate: told by proxies."""

import base64
from datetime import timedelta
from ipaddress import ip_network
from urllib.parse import quote

import pytest
from aiohttp.test_utils import make_mocked_request
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from multidict import CIMultiDict

from bot.web.proxies import COMMON_NAME, EMAIL, ORGANIZATION, Proxies
from tests.fakes import NOON

PROXIES = Proxies(
    trusted=(ip_network("127.0.0.1"), ip_network("10.0.0.0/8"), ip_network("::1")),
    demand_certificate=True,
)


class Peer:
    """A transport that says where the connection came from."""

    def __init__(self, address):
        self.address = address

    def get_extra_info(self, name, default=None):
        return (self.address, 5000) if name == "peername" else default


def request(peer, *headers):
    transport = Peer(peer)
    return make_mocked_request(
        "POST", "/", headers=CIMultiDict(headers), transport=transport
    )


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("::1", ["2001:db8::5"], "2001:db8::5"),
        ("::ffff:127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["6.6.6.6", "198.51.100.1, 10.1.2.3"], "198.51.100.1"),
        ("127.0.0.1", ["nonsense"], "127.0.0.1"),
        ("127.0.0.1", ["6.6.6.6, nonsense"], "127.0.0.1"),
        ("127.0.0.1", ["10.0.0.1"], "10.0.0.1"),
        ("", ["198.51.100.1"], ""),
    ],
)
def test_only_a_configured_proxy_is_believed(peer, forwarded, found):
    headers = [("X-Forwarded-For", value) for value in forwarded]
    assert PROXIES.address(request(peer, *headers)) == found


def certificate(
    *,
    common_name=COMMON_NAME,
    organization=ORGANIZATION,
    email=EMAIL,
    start=NOON - timedelta(days=1),
    twice=False,
):
    key = ec.generate_private_key(ec.SECP256R1())
    attributes = [
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
        x509.NameAttribute(NameOID.COMMON_NAME, common_name),
    ]
    name = x509.Name(attributes + attributes[1:] * twice)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=2))
    )
    if email:
        names = x509.SubjectAlternativeName([x509.RFC822Name(email)])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(key, hashes.SHA256())


def as_rfc_9440(found):
    return f":{base64.b64encode(found.public_bytes(Encoding.DER)).decode()}:"


def as_nginx_escapes_it(found):
    return quote(found.public_bytes(Encoding.PEM).decode(), safe="")


@pytest.mark.parametrize("write", [as_rfc_9440, as_nginx_escapes_it])
def test_tradingviews_certificate_is_known(write):
    shown = ("Client-Cert", write(certificate()))
    assert PROXIES.tradingview(request("127.0.0.1", shown), NOON)


@pytest.mark.parametrize(
    "wrong",
    [
        {"common_name": "TradingView Webhook"},
        {"organization": "TradingView Inc"},
        {"email": "webhook-server@tradingview.com.example"},
        {"email": ""},
        {"start": NOON - timedelta(days=3)},
        {"start": NOON + timedelta(seconds=1)},
        {"twice": True},
    ],
    ids=["name", "firm", "email", "no email", "over", "not yet", "two names"],
)
def test_another_certificate_is_not(wrong):
    shown = ("Client-Cert", as_rfc_9440(certificate(**wrong)))
    assert not PROXIES.tradingview(request("127.0.0.1", shown), NOON)


@pytest.mark.parametrize(
    "text", ["", ":", "::", ":AAAA:", ":é:", "-----BEGIN CERTIFICATE-----", "%", "x"]
)
def test_what_is_no_certificate_is_not(text):
    shown = ("Client-Cert", text)
    assert not PROXIES.tradingview(request("127.0.0.1", shown), NOON)


def test_a_certificate_that_cannot_be_read_is_none():
    der = certificate().public_bytes(Encoding.DER)
    version = bytes.fromhex("a003020102")
    assert version in der
    odd = der.replace(version, bytes.fromhex("a003020107"))
    shown = ("Client-Cert", f":{base64.b64encode(odd).decode()}:")
    assert not PROXIES.tradingview(request("127.0.0.1", shown), NOON)


def test_a_certificate_from_a_stranger_or_twice_is_none():
    shown = ("Client-Cert", as_rfc_9440(certificate()))
    assert not PROXIES.tradingview(request("203.0.113.9", shown), NOON)
    assert not PROXIES.tradingview(request("127.0.0.1", shown, shown), NOON)
    assert not PROXIES.tradingview(request("127.0.0.1"), NOON)


def test_nothing_is_demanded_unless_the_operator_says_so():
    assert Proxies().tradingview(request("203.0.113.9"), NOON)
