# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Verifies tokens.

PyJWT verifies signatures and registered claims. Before that, this module checks what
PyJWT does not: that a token is well-formed, as strictly as the specifications allow.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import jwt

from .keys import VerificationKey

__all__ = ["InvalidToken", "Token", "TokenRules", "parse_required_claims"]

#: Characters of the longest token.
MAX_TOKEN_LENGTH = 16 * 1024
#: Values of the header ``typ`` that don't say what a token is for.
PLAIN_TYPES = frozenset({"", "jwt", "application/jwt"})
#: Values of the header ``typ`` of access tokens (RFC 9068).
ACCESS_TOKEN_TYPES = frozenset({"at+jwt", "application/at+jwt"})

_REQUIRED_CLAIM = re.compile(r"\s*(?P<name>[^\s=]+)\s*(?:=\s*(?P<value>\S.*?)\s*)?")
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")


class InvalidToken(Exception):
    """The token is not valid.

    :param reason: text for the log; contains no part of the token
    :param detail: text for the client
    """

    def __init__(self, reason: str, detail: str = "The token is not valid.") -> None:
        super().__init__(reason)
        self.detail = detail


@dataclass(frozen=True)
class Token:
    """A well-formed token that is not verified yet.

    :param algorithm: ``alg`` of its header
    :param kid: ``kid`` of its header, the id of the key
    :param encoded: the token as it was sent
    """

    algorithm: str
    kid: str | None
    encoded: str

    def __repr__(self) -> str:
        return f"<Token {self.algorithm} kid={self.kid!r}>"


@dataclass(frozen=True)
class TokenRules:
    """What a token must be like.

    :param issuer: value of ``iss``
    :param audiences: values of ``aud``; a token needs one of them
    :param algorithms: asymmetric algorithms of signatures
    :param leeway: seconds by which clocks may differ
    :param required_claims: names of claims, each with its value or None for any
    :param access_tokens_only: whether the type of a token must be ``at+jwt``
    """

    issuer: str
    audiences: tuple[str, ...]
    algorithms: tuple[str, ...]
    leeway: int = 30
    required_claims: tuple[tuple[str, str | None], ...] = ()
    access_tokens_only: bool = False

    def parse(self, encoded: str) -> Token:
        """Check all that needs no key, so that no keys are loaded for an invalid token.

        :raises InvalidToken: the token can't be valid
        """
        if len(encoded) > MAX_TOKEN_LENGTH:
            raise InvalidToken(f"longer than {MAX_TOKEN_LENGTH} characters")
        parts = encoded.split(".")
        if len(parts) != 3:
            raise InvalidToken("not three parts")
        header, claims = map(_read_part, parts[:2])
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm not in self.algorithms:
            raise InvalidToken("an algorithm that is not chosen")
        # PyJWT accepts some of these, which change what is signed
        if "crit" in header or "b64" in header:
            raise InvalidToken("a header that must be understood (crit)")
        if not (kid is None or isinstance(kid, str)):
            raise InvalidToken("the id of the key (kid) is not a text")
        self._check_type(header.get("typ", ""))
        if claims.get("iss") != self.issuer:
            raise InvalidToken("of another issuer")
        return Token(algorithm, kid, encoded)

    def _check_type(self, token_type: Any) -> None:
        """Refuse tokens for another purpose (RFC 8725, 3.11)."""
        known = token_type.lower() if isinstance(token_type, str) else None
        if known in ACCESS_TOKEN_TYPES:
            return
        if self.access_tokens_only:
            raise InvalidToken("not an access token: its typ is not at+jwt")
        if known not in PLAIN_TYPES:
            raise InvalidToken("of a type (typ) that is for something else")

    def verify(self, token: Token, keys: Iterable[VerificationKey]) -> dict[str, Any]:
        """Return the claims of a valid token.

        :param keys: keys that it may be signed with
        :raises InvalidToken: the token is not valid
        """
        for key in keys:
            if token.algorithm not in key.algorithms:
                continue
            try:
                claims = self._decode(token, key)
            except jwt.InvalidSignatureError:
                continue
            self._check_claims(claims)
            return claims
        raise InvalidToken("signed with none of the issuer's keys")

    def _decode(self, token: Token, key: VerificationKey) -> dict[str, Any]:
        try:
            return jwt.decode(
                token.encoded,
                key.public_key,
                algorithms=[token.algorithm],
                audience=self.audiences,
                issuer=self.issuer,
                leeway=self.leeway,
                options={"require": ["exp", "iss", "aud"]},
            )
        except jwt.InvalidSignatureError:
            raise
        except jwt.ExpiredSignatureError as err:
            raise InvalidToken("expired", "The token has expired.") from err
        except jwt.ImmatureSignatureError as err:
            raise InvalidToken("not valid yet", "The token is not valid yet.") from err
        except jwt.PyJWTError as err:
            raise InvalidToken(f"{type(err).__name__}: {err}") from err

    def _check_claims(self, claims: dict[str, Any]) -> None:
        if "cnf" in claims:
            raise InvalidToken("bound to a key of the client (cnf): no bearer token")
        for name, expected in self.required_claims:
            value = claims.get(name)
            values = value if isinstance(value, list) else [value]
            if value is None or (
                expected is not None and expected not in map(_as_text, values)
            ):
                raise InvalidToken(f"the claim {name} is not as required")


def parse_required_claims(text: str) -> tuple[tuple[str, str | None], ...]:
    """Return the claims of lines with a name, or with ``name=value``.

    :raises ValueError: a line is neither; the text is that line
    """
    claims = []
    for line in filter(str.strip, text.splitlines()):
        match = _REQUIRED_CLAIM.fullmatch(line)
        if not match:
            raise ValueError(line)
        claims.append((match["name"], match["value"]))
    return tuple(claims)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _read_part(part: str) -> dict[str, Any]:
    """Return a part of a token that is a JSON object.

    :raises InvalidToken: it isn't one, or has a name twice: other parsers may use the
        other value
    """
    if not _BASE64URL.fullmatch(part):
        raise InvalidToken("not Base64")
    try:
        content = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        value = json.loads(
            content.decode(),
            object_pairs_hook=_unique_names,
            parse_constant=_refuse_constant,
        )
        # raises UnicodeEncodeError for lone surrogates, which can't be stored or sent
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as err:
        raise InvalidToken("not JSON") from err
    if not isinstance(value, dict):
        raise InvalidToken("not an object of JSON")
    return value


def _unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise InvalidToken("a name twice in an object")
    return result


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
