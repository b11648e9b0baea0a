# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Documents that an issuer publishes: its configuration, and its keys.

An administrator enters the URL of the keys, or the configuration names it. Such a URL
must not give access to the network of the server. So it must be HTTPS, redirects are
refused, and so are private networks unless they are allowed. DNS rebinding (another
address of the same name after the check) fails, because the other server has no
certificate for that name.
"""

from __future__ import annotations

import ipaddress
import json
import re
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.utils import get_environ_proxies, select_proxy

from .keys import InvalidKey, VerificationKey, read_key
from .time_limit import LimitedAdapter

__all__ = ["DocumentError", "Issuer", "KeySet", "check_url"]

#: Seconds for loading one document.
TIMEOUT = 5
#: Bytes of the largest document.
MAX_DOCUMENT_SIZE = 512 * 1024
#: Keys of an issuer.
MAX_KEYS = 100
#: Seconds after which keys are loaded again: limits for the issuer's ``Cache-Control``,
#: and the default without it.
MIN_LIFETIME = 5 * 60
MAX_LIFETIME = 24 * 60 * 60
DEFAULT_LIFETIME = 60 * 60

_MAX_AGE = re.compile(r"(?:^|,)\s*max-age\s*=\s*\"?(\d{1,10})\"?\s*(?:,|$)", re.I)
_NOT_KEPT = re.compile(r"(?:^|,)\s*no-(?:cache|store)\s*(?:,|=|$)", re.I)
_LOCALHOST = re.compile(r"localhost|127(\.\d{1,3}){3}|::1", re.I)


class DocumentError(Exception):
    """A document can't be loaded, or is invalid; the text says why."""


@dataclass(frozen=True)
class KeySet:
    """The keys of an issuer.

    :param keys: keys that can verify tokens
    :param lifetime: seconds after which they expire
    :param skipped: reasons why other keys can't be used
    """

    keys: tuple[VerificationKey, ...]
    lifetime: int
    skipped: tuple[str, ...] = ()


def check_url(url: str) -> None:
    """Refuse a URL that is neither HTTPS nor HTTP to this machine.

    :raises DocumentError: the text says why
    """
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError as err:
        raise DocumentError(f"{url} is not a URL.") from err
    if not host or not url.isprintable() or " " in url:
        raise DocumentError(f"{url} is not a URL with a host, such as https://….")
    if parts.username is not None or parts.fragment:
        raise DocumentError(f"{url} must have neither a user nor a fragment (#).")
    if parts.scheme != "https" and not (
        parts.scheme == "http" and _LOCALHOST.fullmatch(host)
    ):
        raise DocumentError(f"{url} must begin with https://.")


@dataclass(frozen=True)
class Issuer:
    """Loads the keys of an issuer.

    :param name: the issuer, as in ``iss``
    :param jwks_url: URL of the keys; by default, the configuration of the issuer names
        it (OpenID Connect Discovery)
    :param allow_private: whether URLs may be in a private network, or on this machine
    """

    name: str
    jwks_url: str | None = None
    allow_private: bool = False

    @property
    def discovery_url(self) -> str:
        return f"{self.name.removesuffix('/')}/.well-known/openid-configuration"

    def load(self) -> KeySet:
        """Load the keys over the network.

        :raises DocumentError: the keys can't be loaded; the text says why
        """
        jwks_url = self.jwks_url or self._discover()
        document, lifetime = self._fetch(jwks_url)
        entries = document.get("keys")
        if not isinstance(entries, list):
            raise DocumentError(f"{jwks_url} has no list of keys.")
        if len(entries) > MAX_KEYS:
            raise DocumentError(f"{jwks_url} has more than {MAX_KEYS} keys.")
        keys, skipped = [], []
        for number, entry in enumerate(entries, 1):
            try:
                keys.append(read_key(entry))
            except InvalidKey as err:
                skipped.append(f"key {number}: {err}")
        if not keys:
            why = "; ".join(skipped[:5]) or "the list is empty"
            raise DocumentError(f"{jwks_url} has no key to verify tokens with: {why}.")
        return KeySet(tuple(keys), lifetime, tuple(skipped))

    def _discover(self) -> str:
        """Return the URL of the keys, from the configuration."""
        url = self.discovery_url
        document, _lifetime = self._fetch(url)
        issuer, jwks_url = document.get("issuer"), document.get("jwks_uri")
        if issuer != self.name:
            raise DocumentError(
                f"{url} is of the issuer {str(issuer)[:200]!r}, not {self.name!r}."
            )
        if not isinstance(jwks_url, str):
            raise DocumentError(f"{url} doesn't say where the keys are (jwks_uri).")
        return jwks_url

    def _fetch(self, url: str) -> tuple[dict[str, Any], int]:
        """Return a JSON document, and its lifetime in seconds."""
        check_url(url)
        if not self.allow_private:
            _check_public(url)
        with _Session() as session:
            limit = LimitedAdapter(TIMEOUT)
            session.mount("http://", limit)
            session.mount("https://", limit)
            try:
                content, cache_control = _download(url, session)
            except requests.RequestException as err:
                if limit.expired or isinstance(err, requests.Timeout):
                    raise _too_slow(url) from err
                if isinstance(err, requests.exceptions.SSLError):
                    raise DocumentError(
                        f"The certificate of {url} is not valid."
                    ) from err
                raise DocumentError(f"{url} can't be reached.") from err
            if limit.expired:  # a part may be missing
                raise _too_slow(url)
        try:
            document = json.loads(content)
        except (ValueError, RecursionError) as err:
            raise DocumentError(f"{url} is not JSON.") from err
        if not isinstance(document, dict):
            raise DocumentError(f"{url} is not an object of JSON.")
        return document, _get_lifetime(cache_control)


class _Session(requests.Session):
    """Ignores redirects.

    With ``allow_redirects=False`` alone, requests reads the body of a redirect without
    any limit.
    """

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


def _download(url: str, session: requests.Session) -> tuple[bytes, str]:
    """Return a document, and its ``Cache-Control``."""
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    with session.get(
        url, headers=headers, timeout=TIMEOUT, allow_redirects=False, stream=True
    ) as response:
        if response.status_code != 200:
            raise DocumentError(f"{url} returns {_describe(response)}.")
        content = b""
        for chunk in response.iter_content(16 * 1024):
            content += chunk
            if len(content) > MAX_DOCUMENT_SIZE:
                size = MAX_DOCUMENT_SIZE // 1024
                raise DocumentError(f"{url} is larger than {size} KiB.")
        return content, response.headers.get("Cache-Control", "")


def _too_slow(url: str) -> DocumentError:
    return DocumentError(f"{url} takes more than {TIMEOUT} seconds.")


def _describe(response: requests.Response) -> str:
    target = response.headers.get("Location")
    if response.is_redirect and target:
        return f"{response.status_code}, a redirect to {target[:200]}"
    return str(response.status_code)


def _get_lifetime(cache_control: str) -> int:
    if _NOT_KEPT.search(cache_control):
        return MIN_LIFETIME
    match = _MAX_AGE.search(cache_control)
    seconds = int(match[1]) if match else DEFAULT_LIFETIME
    return min(max(seconds, MIN_LIFETIME), MAX_LIFETIME)


def _check_public(url: str) -> None:
    """Refuse a host in a private network.

    :raises DocumentError: one of its addresses is not public
    """
    if select_proxy(url, get_environ_proxies(url)):
        return  # the proxy decides what can be reached
    parts = urlsplit(url)
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as err:
        raise DocumentError(f"{url} can't be reached: its host is unknown.") from err
    for *_rest, address in found:
        # a link-local IPv6 address may end with the name of an interface
        ip = ipaddress.ip_address(str(address[0]).partition("%")[0])
        ip = getattr(ip, "ipv4_mapped", None) or ip
        if not ip.is_global or ip.is_multicast:
            raise DocumentError(
                f"{url} is in a private network ({ip}). A system administrator can "
                "allow that on the provider."
            )
