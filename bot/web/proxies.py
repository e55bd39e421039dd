"""What reverse proxies say of a request: believed only from configured ones.

A proxy of ours appends its peer to ``X-Forwarded-For`` and passes the TLS client
certificate, which it has verified, in one header: as in RFC 9440 (``:base64 DER:``)
or as nginx escapes it (``$ssl_client_escaped_cert``).
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)
from urllib.parse import unquote_to_bytes

from aiohttp import web
from cryptography import x509
from cryptography.x509.oid import NameOID

COMMON_NAME = "TradingView Webhooks"
ORGANIZATION = "TradingView, Inc."
EMAIL = "webhook-server@tradingview.com"
"""The subject and alternative name of TradingView's client certificate."""

_UNREADABLE = (
    ValueError,
    x509.DuplicateExtension,
    x509.ExtensionNotFound,
    x509.UnsupportedGeneralNameType,
)
Network = IPv4Network | IPv6Network
_MOST_HOPS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxies:
    """The proxies in front, and what is demanded of them."""

    trusted: Sequence[Network] = ()
    certificate_header: str = "Client-Cert"
    demand_certificate: bool = False
    """Whether TradingView must have shown its client certificate."""

    def address(self, request: web.Request) -> str:
        """Where the request came from: the last hop that is no proxy of ours."""
        peer = request.remote or ""
        if not self._trusts(peer):
            return peer
        forwarded = ",".join(request.headers.getall("X-Forwarded-For", []))
        for hop in reversed(forwarded.split(",")[-_MOST_HOPS:]):
            told = hop.strip()
            if _address(told) is None:
                return peer
            if not self._trusts(told):
                return told
            peer = told
        return peer

    def _trusts(self, text: str) -> bool:
        address = _address(text)
        if address is None:
            return False
        return any(address in network for network in self.trusted)

    def tradingview(self, request: web.Request, now: datetime) -> bool:
        """Whether TradingView's certificate was shown, if it has to be."""
        if not self.demand_certificate:
            return True
        headers = request.headers.getall(self.certificate_header, [])
        if not self._trusts(request.remote or "") or len(headers) != 1:
            return False
        certificate = _certificate(headers[0])
        return certificate is not None and _is_tradingviews(certificate, now)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _certificate(text: str) -> x509.Certificate | None:
    try:
        if text.startswith(":") and text.endswith(":"):
            der = base64.b64decode(text.strip(":"), validate=True)
            return x509.load_der_x509_certificate(der)
        return x509.load_pem_x509_certificate(unquote_to_bytes(text))
    except (ValueError, x509.InvalidVersion):
        return None


def _is_tradingviews(certificate: x509.Certificate, now: datetime) -> bool:
    try:
        names = certificate.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        )
    except _UNREADABLE:
        return False
    lasts = certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc
    return (
        lasts
        and _only(certificate, NameOID.COMMON_NAME) == COMMON_NAME
        and _only(certificate, NameOID.ORGANIZATION_NAME) == ORGANIZATION
        and EMAIL in names.value.get_values_for_type(x509.RFC822Name)
    )


def _only(certificate: x509.Certificate, kind: x509.ObjectIdentifier) -> str:
    """The one attribute of this kind; empty where there are none or several."""
    found = certificate.subject.get_attributes_for_oid(kind)
    return str(found[0].value) if len(found) == 1 else ""
