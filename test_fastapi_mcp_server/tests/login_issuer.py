# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""An issuer at which clients register and users log in, by OAuth 2.1."""

import base64
import hashlib
import json
from urllib.parse import parse_qs, urlencode, urlsplit

from odoo.addons.fastapi_auth_oidc.tests.issuer import TestIssuer


class LoginIssuer(TestIssuer):
    """Logs each user in without a question.

    The audience of a token is the resource that the client names (RFC 8707).

    :param login: claim ``preferred_username`` of the tokens
    """

    def __init__(self, login):
        super().__init__()
        self.login = login
        #: Scopes that the user grants; None for all.
        self.granted = None
        #: What clients sent to the paths /authorize and /token.
        self.asked = []
        self._codes = {}
        self._clients = set()
        self.instead["/.well-known/openid-configuration"] = json.dumps(
            {
                "issuer": self.url,
                "jwks_uri": self.jwks_url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "registration_endpoint": f"{self.url}/register",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": True,
            }
        ).encode()

    def _respond(self, handler):
        url = urlsplit(handler.path)
        respond = {
            ("POST", "/register"): self._register,
            ("GET", "/authorize"): self._authorize,
            ("POST", "/token"): self._make_token,
        }.get((handler.command, url.path))
        if respond is None:
            return super()._respond(handler)
        self.requests[url.path] += 1
        length = int(handler.headers.get("Content-Length", 0))
        body = handler.rfile.read(length).decode()
        status, headers, document = respond(url.query or body)
        content = json.dumps(document).encode()
        return self._send(
            handler, status, {"Content-Type": "application/json", **headers}, content
        )

    def _register(self, body):
        client_id = f"client{len(self._clients)}"
        self._clients.add(client_id)
        client = {**json.loads(body), "client_id": client_id}
        return 201, {}, {**client, "token_endpoint_auth_method": "none"}

    def _authorize(self, query):
        asked = self._read(query)
        if asked["client_id"] not in self._clients:
            return 400, {}, {"error": "unauthorized_client"}
        code = f"code{len(self._codes)}"
        self._codes[code] = asked
        values = {"code": code, "state": asked["state"], "iss": self.url}
        return 302, {"Location": f"{asked['redirect_uri']}?{urlencode(values)}"}, {}

    def _make_token(self, body):
        asked = self._read(body)
        session = self._codes.pop(asked["code"], {})
        digest = hashlib.sha256(asked["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if session.get("code_challenge") != challenge:
            return 400, {}, {"error": "invalid_grant"}
        scopes = session.get("scope", "").split()
        if self.granted is not None:
            scopes = [scope for scope in scopes if scope in self.granted]
        scope = " ".join(scopes)
        token = self.token(
            aud=asked["resource"], scope=scope, preferred_username=self.login
        )
        return 200, {}, {"access_token": token, "token_type": "Bearer", "scope": scope}

    def _read(self, text):
        asked = {name: values[-1] for name, values in parse_qs(text).items()}
        self.asked.append(asked)
        return asked
