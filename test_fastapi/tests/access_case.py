# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Calls of model methods as each kind of user, over each of Odoo's RPC interfaces."""

import itertools
import xmlrpc.client

from odoo.tests import new_test_user

from .common import RPC_LOGGERS, FastapiHttpCase

ALL_USERS = frozenset(
    {"portal", "internal", "user", "manager", "administrator", "runner"}
)
NO_USERS = frozenset()
READERS = frozenset({"user", "manager", "administrator"})
MANAGERS = frozenset({"manager", "administrator"})
#: Methods that ask for the user's password in a dialog.
WITH_PASSWORD = {"action_new_key", "action_revoke", "make_key"}
#: Their errors without a session, in which Odoo stores the confirmation.
NO_SESSION = {"UserError", "This method can only be accessed over HTTP"}
#: The groups of the identities; anonymous and administrator exist already.
GROUPS = {
    "portal": "base.group_portal",
    "internal": "base.group_user",
    "user": "fastapi.group_fastapi_user",
    "manager": "fastapi.group_fastapi_manager",
    "runner": "fastapi.group_fastapi_endpoint_runner",
}
#: Names of the errors that refuse access.
REFUSED = {"AccessError", "AccessDenied", "SessionExpiredException", "Unauthorized"}
XMLRPC_ERRORS = {3: "AccessDenied", 4: "AccessError"}


class AccessCase(FastapiHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.paths = (f"/access-{number}" for number in itertools.count())
        cls.users = {
            name: new_test_user(cls.env, f"{name}@access", groups)
            for name, groups in GROUPS.items()
        }
        cls.users["anonymous"] = cls.env.ref("base.public_user")
        cls.users["administrator"] = cls.env.ref("base.user_admin")
        cls.passwords = {name: f"{name}@access" for name in GROUPS}
        cls.passwords["administrator"] = "admin"
        cls.keys = {
            name: cls.env["res.users.apikeys"]
            .with_user(cls.users[name])
            .sudo()
            ._generate("rpc", "test", None)
            for name in cls.passwords
        }
        cls.env.flush_all()

    def setUp(self):
        super().setUp()
        self.mute(*RPC_LOGGERS)

    def make_endpoint(self, name):
        """Return a new endpoint that runs as an identity."""
        return self._create_endpoint(next(self.paths), user_id=self.users[name].id)

    @classmethod
    def additions(cls):
        """Yield model and name of each function that the addon adds to a model."""
        for model_name, model in sorted(cls.registry.items()):
            for definition in model.mro():
                if getattr(definition, "_module", None) != "fastapi":
                    continue
                for name, value in vars(definition).items():
                    if callable(value) and not name.startswith("__"):
                        yield model_name, name

    # The four ways to call a method: each returns the name of an error, or None.

    def by_xmlrpc(self, identity, model, method, ids, values):
        arguments = self._rpc_arguments(identity, model, method, ids, values)
        try:
            self.xmlrpc_object.execute_kw(*arguments)
        except xmlrpc.client.Fault as fault:
            return XMLRPC_ERRORS.get(fault.faultCode, fault.faultString)

    def by_jsonrpc(self, identity, model, method, ids, values):
        arguments = self._rpc_arguments(identity, model, method, ids, values)
        params = {"service": "object", "method": "execute_kw", "args": arguments}
        return self._jsonrpc("/jsonrpc", params)

    def by_call_kw(self, identity, model, method, ids, values):
        *_who, args, kwargs = self._rpc_arguments(identity, model, method, ids, values)
        params = {"model": model, "method": method, "args": args, "kwargs": kwargs}
        return self._jsonrpc(f"/web/dataset/call_kw/{model}/{method}", params)

    def by_json2(self, identity, model, method, ids, values):
        headers = {}
        if identity in self.keys:
            headers["Authorization"] = f"Bearer {self.keys[identity]}"
        response = self.post(
            f"/json/2/{model}/{method}",
            json={"ids": ids, **values} if ids else values,
            headers=headers,
        )
        if response.status_code != 200:
            return response.json()["name"].rpartition(".")[2]

    def _rpc_arguments(self, identity, model, method, ids, values):
        """Return the arguments of ``execute_kw``."""
        return [
            self.env.cr.dbname,
            self.users[identity].id,
            self.passwords.get(identity, ""),
            model,
            method,
            # without ids, Odoo takes the first argument from here
            [ids] if ids else list(values.values()),
            values if ids else {},
        ]

    def _jsonrpc(self, path, params):
        return self._result(path, params)[0]

    def _result(self, path, params):
        """Return the name of the error, or None, and the result."""
        body = self.post(path, json={"jsonrpc": "2.0", "params": params}).json()
        if "error" in body:
            return body["error"]["data"]["name"].rpartition(".")[2], None
        return None, body["result"]

    def calls(self):
        """Yield each identity with each way to call a method."""
        for identity in self.users:
            # by_call_kw needs a session
            self.authenticate(
                *(
                    (self.users[identity].login, self.passwords[identity])
                    if identity in self.passwords
                    else (None, None)
                )
            )
            for call in (
                self.by_xmlrpc,
                self.by_jsonrpc,
                self.by_call_kw,
                self.by_json2,
            ):
                yield identity, call

    def check(self, allowed, call, identity, model, method, ids=(), values=None):
        with self.subTest(call.__name__, identity=identity, method=method):
            error = call(identity, model, method, list(ids), values or {})
            if identity in allowed:
                if not (method in WITH_PASSWORD and error in NO_SESSION):
                    self.assertIsNone(error)
            else:
                self.assertIn(error, REFUSED)
