# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Reads public keys of a JSON Web Key Set (RFC 7517)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

__all__ = ["ALGORITHMS", "InvalidKey", "VerificationKey", "read_key"]

#: Bits of RSA keys: shorter ones are weak, longer ones are slow.
RSA_BITS = range(2048, 8192 + 1)

_RSA_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
#: Algorithms by type and curve of a key.
_ALGORITHMS_BY_KEY = {
    ("RSA", None): _RSA_ALGORITHMS,
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("EC", "P-521"): ("ES512",),
    ("OKP", "Ed25519"): ("EdDSA",),
    ("OKP", "Ed448"): ("EdDSA",),
}
#: All algorithms that can be chosen; all are asymmetric.
ALGORITHMS = (*_RSA_ALGORITHMS, "ES256", "ES384", "ES512", "EdDSA")

_PUBLIC_KEYS = RSAPublicKey, EllipticCurvePublicKey, Ed25519PublicKey, Ed448PublicKey


class InvalidKey(Exception):
    """The key can't verify tokens; the text says why."""


@dataclass(frozen=True)
class VerificationKey:
    """A public key.

    :param kid: its id, if any
    :param algorithms: its ``alg``, or all algorithms for its type
    :param public_key: the key, as a class of ``cryptography``
    """

    kid: str | None
    algorithms: frozenset[str]
    public_key: Any = field(repr=False)


def read_key(jwk: Any) -> VerificationKey:
    """Return a key of a JSON Web Key Set.

    :raises InvalidKey: it is not for signatures, not public, or not safe
    """
    if not isinstance(jwk, dict):
        raise InvalidKey("not an object")
    kid, key_type = jwk.get("kid"), jwk.get("kty")
    if not (kid is None or isinstance(kid, str)):
        raise InvalidKey("its id (kid) is not a text")
    operations = jwk.get("key_ops", ["verify"])
    if not isinstance(operations, list):
        raise InvalidKey("its uses (key_ops) are not a list")
    if jwk.get("use", "sig") != "sig" or "verify" not in operations:
        raise InvalidKey("not for signatures")
    curve = None if key_type == "RSA" else str(jwk.get("crv"))
    algorithms = _ALGORITHMS_BY_KEY.get((str(key_type), curve), ())
    if not algorithms:
        raise InvalidKey("of a type that is not supported")
    if "alg" in jwk:
        algorithms = tuple(name for name in algorithms if name == jwk["alg"])
        if not algorithms:
            raise InvalidKey("for an algorithm that is not supported")
    try:
        key = jwt.PyJWK(jwk, algorithm=algorithms[0]).key
    except (jwt.PyJWTError, KeyError, TypeError, ValueError) as err:
        raise InvalidKey("not well-formed") from err
    if not isinstance(key, _PUBLIC_KEYS):
        raise InvalidKey("a private key, which should not be published")
    if isinstance(key, RSAPublicKey) and key.key_size not in RSA_BITS:
        raise InvalidKey(
            f"an RSA key of {key.key_size} bits, not {RSA_BITS[0]} to {RSA_BITS[-1]}"
        )
    return VerificationKey(kid, frozenset(algorithms), key)
