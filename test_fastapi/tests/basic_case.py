# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Helpers for tests of HTTP Basic."""

import base64
import itertools
from datetime import datetime, timedelta
from unittest.mock import patch

from odoo.tests import new_test_user

from odoo.addons.fastapi.auth import verified

from .common import RPC_LOGGERS, FastapiHttpCase

WRONG = "Incorrect username or password"
logins = (f"basic-{number}@test" for number in itertools.count())


def basic(login, password):
    """Return the header with a login and a password."""
    credential = base64.b64encode(f"{login}:{password}".encode()).decode()
    return {"Authorization": f"Basic {credential}"}


class CountedHashes:
    """Odoo's crypt context, with a count of hashed passwords."""

    def __init__(self, context):
        self._context = context
        self.count = 0

    def __getattr__(self, name):
        return getattr(self._context, name)

    def hash(self, secret):
        self.count += 1
        return self._context.hash(secret)

    def verify_and_update(self, secret, hashed):
        # without a stored hash, passlib hashes nothing
        self.count += bool(hashed)
        return self._context.verify_and_update(secret, hashed)


class BasicCase(FastapiHttpCase):
    """Each test has a new user whose credentials are not remembered yet."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.hashes = CountedHashes(cls.env["res.users"]._crypt_context())
        cls.classPatch(
            type(cls.env["res.users"]), "_crypt_context", lambda self: cls.hashes
        )

    def setUp(self):
        super().setUp()
        self.mute(*RPC_LOGGERS)
        self.startPatcher(patch.object(verified, "_memory", verified._Memory()))
        self.login = next(logins)
        self.password = f"secret of {self.login}"
        self.user = new_test_user(self.env, self.login, password=self.password)
        self.env.flush_all()

    def status(self, login=None, password=None, path="/test/partner"):
        """Return the status of a call, by default with the right credential."""
        self.hashes.count = 0
        auth = (login or self.login, password or self.password)
        response = self.get(path, auth=auth)
        if response.status_code == 200:
            self.assertEqual(response.json()["id"], self.user.partner_id.id)
        if response.status_code == 401:
            self.assertEqual(response.json(), {"detail": WRONG})
            self.assertEqual(response.headers["WWW-Authenticate"], "Basic")
        return response.status_code

    def key(self, days=None):
        """Return an API key of the user, which is accepted as a password."""
        keys = self.env["res.users.apikeys"].with_user(self.user).sudo()
        expiration = days and datetime.now() + timedelta(days=days)
        key = keys._generate(None, "test", expiration)
        return key, keys.search([("user_id", "=", self.user.id)], order="id desc")[0]
