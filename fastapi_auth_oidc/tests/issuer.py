# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""An issuer of tokens for tests, with its own server."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections import Counter
from contextlib import suppress
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

#: Seconds after which a document is sent even if a test has not released it.
MAX_HOLD = 30

_PREPARERS = {
    "RS": jwt.algorithms.RSAAlgorithm,
    "PS": jwt.algorithms.RSAAlgorithm,
    "ES": jwt.algorithms.ECAlgorithm,
    "Ed": jwt.algorithms.OKPAlgorithm,
}


@cache
def _make_private_key(algorithm: str, _kid: str) -> Any:
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    if algorithm.startswith("ES"):
        curves = {"ES256": ec.SECP256R1, "ES384": ec.SECP384R1, "ES512": ec.SECP521R1}
        return ec.generate_private_key(curves[algorithm]())
    return rsa.generate_private_key(65537, 2048)


class SigningKey:
    """A private key, and its public part.

    :param kid: id of the key; keys with the same one are the same
    :param algorithm: algorithm of the signatures
    """

    def __init__(self, kid: str = "k1", algorithm: str = "RS256") -> None:
        self.kid = kid
        self.algorithm = algorithm
        self.private_key = _make_private_key(algorithm, kid)

    @property
    def public_key(self) -> Any:
        return self.private_key.public_key()

    def jwk(self, **values: Any) -> dict[str, Any]:
        """Return the public key for a JSON Web Key Set, without None."""
        preparer = _PREPARERS[self.algorithm[:2]]
        entry = {
            **preparer.to_jwk(self.public_key, as_dict=True),
            "kid": self.kid,
            "alg": self.algorithm,
            "use": "sig",
            **values,
        }
        entry.pop("key_ops", None)
        return {name: value for name, value in entry.items() if value is not None}

    def sign(
        self, claims: dict[str, Any], headers: dict[str, Any] | None = None
    ) -> str:
        """Return a token, without headers that are None."""
        return jwt.encode(
            claims,
            self.private_key,
            algorithm=self.algorithm,
            headers={"kid": self.kid, **(headers or {})},
        )


def encode_part(value: Any) -> str:
    """Return a part of a token, made from bytes or a value for JSON."""
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def sign_parts(key: SigningKey, header: Any, claims: Any) -> str:
    """Return a signed token with any parts, also those that PyJWT refuses to make."""
    signed = f"{encode_part(header)}.{encode_part(claims)}"
    algorithm = jwt.get_algorithm_by_name(key.algorithm)
    signature = algorithm.sign(signed.encode(), key.private_key)
    return f"{signed}.{encode_part(signature)}"


class TestIssuer:
    """Serves the configuration and the keys of an issuer, and signs tokens.

    :param keys: its keys; by default, one for RS256
    """

    __test__ = False

    def __init__(self, *keys: SigningKey) -> None:
        self.keys = list(keys) or [SigningKey()]
        #: Headers of the keys, for example Cache-Control.
        self.headers: dict[str, str] = {}
        #: Responses instead of the documents, by path.
        self.instead: dict[str, bytes | tuple[int, dict[str, str]]] = {}
        #: Number of requests by path.
        self.requests: Counter[str] = Counter()
        #: Documents are sent while this is set, and held back while it is cleared.
        self.open = threading.Event()
        self.open.set()
        #: Set when a document is held back.
        self.held = threading.Event()
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with suppress(ConnectionError):
                    issuer._respond(self)

            do_POST = do_GET  # for subclasses

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def jwks_url(self) -> str:
        return f"{self.url}/keys"

    def close(self) -> None:
        self.open.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def claims(self, **values: Any) -> dict[str, Any]:
        """Return the claims of a valid token, without None."""
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": "api",
            "sub": "subject",
            "iat": now,
            "exp": now + 300,
            **values,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, **values: Any) -> str:
        """Return a valid token of the first key."""
        return self.keys[0].sign(self.claims(**values))

    def _respond(self, handler: BaseHTTPRequestHandler) -> None:
        path = handler.path
        self.requests[path] += 1
        if not self.open.is_set():
            self.held.set()
            self.open.wait(MAX_HOLD)
        instead = self.instead.get(path)
        if isinstance(instead, tuple):
            return self._send(handler, *instead, b"")
        documents = {
            "/.well-known/openid-configuration": {
                "issuer": self.url,
                "jwks_uri": self.jwks_url,
            },
            "/keys": {"keys": [key.jwk() for key in self.keys]},
        }
        if instead is None and path not in documents:
            return self._send(handler, 404, {}, b"")
        content = instead or json.dumps(documents[path]).encode()
        return self._send(handler, 200, self.headers, content)

    @staticmethod
    def _send(
        handler: BaseHTTPRequestHandler,
        status: int,
        headers: dict[str, str],
        content: bytes,
    ) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)
