# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Who may do what with everything that the addon adds.

Tables say it; what there is comes from introspection, so that nothing can be added and
be in no table.
"""

import ast
import base64
import http.client
import itertools
import xmlrpc.client

from odoo.exceptions import AccessError
from odoo.service.model import get_public_method
from odoo.tests import new_test_user

from .common import RPC_LOGGERS, FastapiHttpCase
from .server_case import ServerCase
from .servers import OdooServer

ANYBODY = frozenset(
    {"portal", "internal", "user", "manager", "administrator", "runner"}
)
NOBODY = frozenset()
READERS = frozenset({"user", "manager", "administrator"})
MANAGERS = frozenset({"manager", "administrator"})

#: Who may do what with the records of the models that the addon adds. The runner sees
#: those endpoints only that run as itself, and everybody their own routes only.
CRUD = {
    # has no records
    "fastapi.app": {
        "read": NOBODY,
        "create": NOBODY,
        "write": NOBODY,
        "unlink": NOBODY,
    },
    "fastapi.auth.failure": {
        "read": NOBODY,
        "create": NOBODY,
        "write": NOBODY,
        "unlink": NOBODY,
    },
    "fastapi.endpoint": {
        "read": READERS | {"runner"},
        "create": MANAGERS,
        "write": MANAGERS,
        "unlink": MANAGERS,
    },
    "fastapi.endpoint.change": {
        "read": MANAGERS,
        "create": NOBODY,
        "write": NOBODY,
        "unlink": NOBODY,
    },
    "fastapi.endpoint.key": {
        "read": READERS,
        # with the wizard
        "create": NOBODY,
        # the scopes
        "write": MANAGERS,
        # with a button, which asks for the password
        "unlink": NOBODY,
    },
    "fastapi.endpoint.key.description": {
        "read": MANAGERS,
        "create": MANAGERS,
        "write": MANAGERS,
        "unlink": NOBODY,
    },
    # has no records
    "fastapi.endpoint.key.show": {
        "read": MANAGERS,
        "create": MANAGERS,
        "write": NOBODY,
        "unlink": NOBODY,
    },
    "fastapi.route": {
        "read": READERS,
        "create": NOBODY,
        "write": NOBODY,
        "unlink": NOBODY,
    },
}
#: Who may call the public methods that the addon adds, to its own models and Odoo's.
METHODS = {
    ("fastapi.endpoint", "create"): MANAGERS,
    ("fastapi.endpoint", "write"): MANAGERS,
    ("fastapi.endpoint", "unlink"): MANAGERS,
    # reads groups
    ("fastapi.endpoint", "copy_data"): READERS,
    # Odoo describes the fields of every model to every user
    ("fastapi.endpoint", "fields_get"): ANYBODY,
    ("fastapi.endpoint", "action_open_docs"): READERS | {"runner"},
    ("fastapi.endpoint", "action_open_redoc"): READERS | {"runner"},
    ("fastapi.endpoint", "action_open_openapi"): READERS | {"runner"},
    ("fastapi.endpoint", "action_open_routes"): READERS,
    ("fastapi.endpoint", "action_try_again"): MANAGERS,
    ("fastapi.endpoint", "action_new_key"): MANAGERS,
    ("fastapi.endpoint.key", "create"): NOBODY,
    ("fastapi.endpoint.key", "write"): MANAGERS,
    ("fastapi.endpoint.key", "unlink"): NOBODY,
    ("fastapi.endpoint.key", "action_revoke"): MANAGERS,
    ("fastapi.endpoint.key.description", "make_key"): MANAGERS,
    ("fastapi.route", "action_open_docs"): READERS,
    # does nothing
    ("fastapi.endpoint", "action_sync_registry"): ANYBODY,
    # Odoo's own: who installs addons
    ("ir.module.module", "write"): frozenset({"administrator"}),
    # Odoo's own: whose preferences
    ("res.users", "write"): frozenset({"administrator"}),
}
#: Methods that ask for the user's password, in a dialog.
WITH_PASSWORD = {"action_new_key", "action_revoke", "make_key"}
#: What they say where Odoo has no session to remember the answer in.
NO_SESSION = {"UserError", "This method can only be accessed over HTTP"}
#: What the runner's group may read, and nothing else.
READ_BY_RUNNER = {"fastapi.endpoint", "res.partner", "res.users"}
#: Groups that make the identities; anonymous and administrator are there anyway.
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
        """Yield each function that the addon adds to a model: its model and name."""
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
            # without ids, Odoo wants to see the first argument there
            [ids] if ids else list(values.values()),
            values if ids else {},
        ]

    def _jsonrpc(self, path, params):
        return self._result(path, params)[0]

    def _result(self, path, params):
        """Return the name of an error, or None, and the result."""
        answer = self.post(path, json={"jsonrpc": "2.0", "params": params}).json()
        if "error" in answer:
            return answer["error"]["data"]["name"].rpartition(".")[2], None
        return None, answer["result"]

    def calls(self):
        """Yield each way to call a method, as each identity."""
        for identity in self.users:
            # of call_kw
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


class TestModels(AccessCase):
    def test_every_model_is_in_the_table(self):
        models = {
            name
            for name, model in self.registry.items()
            if model._original_module == "fastapi"
        }
        self.assertEqual(models, CRUD.keys())

    def test_every_public_method_is_in_the_table(self):
        public = set()
        for model, name in self.additions():
            try:
                get_public_method(self.env[model], name)
            except AccessError:
                continue
            public.add((model, name))
        self.assertEqual(public, METHODS.keys())

    def test_endpoints(self):
        model = "fastapi.endpoint"
        access = CRUD[model]
        for identity, call in self.calls():
            ids = self.make_endpoint(identity).ids
            values = {"name": "Created", "app": "test", "root_path": next(self.paths)}
            for method, allowed, args, kwargs in (
                ("read", access["read"], ids, {"fields": ["name"]}),
                ("web_read", access["read"], ids, {"specification": {"name": {}}}),
                ("search", access["read"], (), {"domain": []}),
                ("get_views", access["read"], (), {"views": [[False, "form"]]}),
                ("create", access["create"], (), {"vals_list": [values]}),
                ("write", access["write"], ids, {"vals": {"name": "Written"}}),
                ("copy", access["create"], ids, {}),
                (
                    "web_save",
                    access["write"],
                    ids,
                    {"vals": {"name": "Saved"}, "specification": {"name": {}}},
                ),
                *(
                    (method, allowed, ids, {})
                    for (owner, method), allowed in METHODS.items()
                    if owner == model and method not in (*access, "fields_get")
                ),
                ("fields_get", METHODS[model, "fields_get"], (), {}),
                ("write", access["write"], ids, {"vals": {"active": False}}),
                ("unlink", access["unlink"], ids, {}),
            ):
                self.check(allowed, call, identity, model, method, args, kwargs)

    def test_routes(self):
        endpoint = self.make_endpoint("runner")
        model = "fastapi.route"
        values = {"endpoint_id": endpoint.id, "method": "GET", "path": "/"}
        for identity, call in self.calls():
            routes = self.env[model].with_user(self.users[identity]).sudo()
            (own,) = routes.create(dict(values)).ids
            others = routes.with_user(self.caller).sudo().create(dict(values)).ids
            access = CRUD[model]
            opens = METHODS[model, "action_open_docs"]
            fields = {"fields": ["path"]}
            for method, allowed, ids, kwargs in (
                ("read", access["read"], [own], fields),
                ("read", NOBODY, others, fields),
                ("action_open_docs", opens, [own], {}),
                ("action_open_docs", NOBODY, others, {}),
                ("create", access["create"], (), {"vals_list": [values]}),
                ("write", access["write"], [own], {"vals": {"path": "/x"}}),
                ("unlink", access["unlink"], [own], {}),
            ):
                self.check(allowed, call, identity, model, method, ids, kwargs)

    def test_keys(self):
        endpoint = self.make_endpoint("runner")
        api_keys = self.env["res.users.apikeys"].search([], limit=1)
        model = "fastapi.endpoint.key"
        wizard = "fastapi.endpoint.key.description"
        key_values = {"endpoint_id": endpoint.id, "api_key_id": api_keys.id}
        wizard_values = {
            "endpoint_id": endpoint.id,
            "user_id": self.caller.id,
            "name": "test",
            "duration": "1",
        }
        for identity, call in self.calls():
            key, _secret = self.env[model]._generate(endpoint, self.caller, "test")
            wizards = self.env[wizard].with_user(self.users[identity]).sudo()
            own = wizards.create(dict(wizard_values)).ids
            scopes = {"vals": {"scopes": "test"}}
            fields = {"fields": ["name"]}
            for owner, method, ids, kwargs in (
                (model, "read", key.ids, fields),
                (model, "create", (), {"vals_list": [key_values]}),
                (model, "write", key.ids, scopes),
                (model, "unlink", key.ids, {}),
                # both ask for the password
                (model, "action_revoke", key.ids, {}),
                (wizard, "make_key", own, {}),
                (wizard, "read", own, fields),
                (wizard, "create", (), {"vals_list": [wizard_values]}),
                (wizard, "write", own, {"vals": {"name": "x"}}),
                (wizard, "unlink", own, {}),
            ):
                allowed = CRUD[owner].get(method, METHODS.get((owner, method)))
                self.check(allowed, call, identity, owner, method, ids, kwargs)
            for method, ids, kwargs, allowed in (
                ("write", key.ids, {"vals": {"user_id": self.runner.id}}, NOBODY),
                ("write", key.ids, {"vals": {"last_used": False}}, NOBODY),
            ):
                self.check(allowed, call, identity, model, method, ids, kwargs)
            self.assertTrue(key.exists())

    def test_changes(self):
        endpoint = self.make_endpoint("runner")
        endpoint.name = "Changed"
        ids = endpoint.change_ids.ids
        model = "fastapi.endpoint.change"
        values = {"endpoint_id": endpoint.id, "field_name": "name"}
        for identity, call in self.calls():
            for method, args, kwargs in (
                ("read", ids, {"fields": ["new_value"]}),
                ("create", (), {"vals_list": [values]}),
                ("write", ids, {"vals": {"new_value": "x"}}),
                ("unlink", ids, {}),
            ):
                allowed = CRUD[model][method]
                self.check(allowed, call, identity, model, method, args, kwargs)

    def test_failures(self):
        values = {"key": "x", "failures": 1, "expiration": "2026-01-01 00:00:00"}
        model = "fastapi.auth.failure"
        ids = self.env[model].create(values).ids
        for identity, call in self.calls():
            for method, args, kwargs in (
                ("read", ids, {"fields": ["failures"]}),
                ("create", (), {"vals_list": [{**values, "key": "y"}]}),
                ("write", ids, {"vals": {"failures": 0}}),
                ("unlink", ids, {}),
            ):
                self.check(NOBODY, call, identity, model, method, args, kwargs)

    def test_apps(self):
        ids = self._create_endpoint("/app-of-access", app="test_class").ids
        for identity, call in self.calls():
            for model in ("fastapi.app", "fastapi.app.test_class"):
                for method, args, kwargs in (
                    ("read", ids, {"fields": ["display_name"]}),
                    ("search", (), {"domain": []}),
                    ("create", (), {"vals_list": [{}]}),
                    ("write", ids, {"vals": {}}),
                    ("unlink", ids, {}),
                ):
                    self.check(NOBODY, call, identity, model, method, args, kwargs)

    def test_why_an_app_is_broken_is_for_managers(self):
        ids = self.endpoint.ids
        values = {"fields": ["build_error"]}
        for identity, call in self.calls():
            self.check(
                MANAGERS, call, identity, "fastapi.endpoint", "read", ids, values
            )

    def test_private_methods_are_nobodys(self):
        private = [added for added in self.additions() if added not in METHODS]
        self.assertGreater(len(private), 20)
        for identity, call in self.calls():
            if identity != "administrator":
                continue
            for model, name in private:
                self.check((), call, identity, model, name)

    def test_runner_sees_its_own_endpoint(self):
        own, other = self.make_endpoint("runner"), self.make_endpoint("manager")
        endpoints = self.env["fastapi.endpoint"].with_user(self.users["runner"])
        self.assertEqual(endpoints.search([]), own)
        (values,) = endpoints.browse(own.ids).read()
        hidden = {
            "build_error",
            "build_error_place",
            "change_ids",
            "docs_group_ids",
            "key_ids",
            "rule_warning",
        }
        self.assertEqual(hidden, own._fields.keys() - values.keys())
        for identity, call in self.calls():
            allowed = ANYBODY & CRUD["fastapi.endpoint"]["read"] - {"runner"}
            self.check(allowed, call, identity, "fastapi.endpoint", "read", other.ids)

    def test_runner_reads_what_the_contract_names(self):
        runner = self.users["runner"]
        no_groups = self.env["res.users"].create(
            {"name": "nobody", "login": "nobody@access", "group_ids": False}
        )
        operations = ("read", "write", "create", "unlink")
        gained = {
            (name, operation)
            for name, model in self.env.items()
            for operation in operations
            if model.with_user(runner).has_access(operation)
            and not model.with_user(no_groups).has_access(operation)
        }
        self.assertEqual(gained, {(name, "read") for name in READ_BY_RUNNER})
        caller = self.caller.partner_id
        for context, partners in (
            ({}, runner.partner_id),
            ({"authenticated_partner_id": False}, runner.partner_id),
            ({"authenticated_partner_id": caller.id}, runner.partner_id + caller),
        ):
            env = self.env(user=runner, context=context)
            self.assertEqual(env["res.users"].search([]), runner)
            found = env["res.partner"].with_context(active_test=False).search([])
            self.assertEqual(found, partners)

    def test_nobody_chooses_the_authenticated_partner(self):
        caller, own = self.caller.partner_id, self.users["runner"].partner_id
        context = {"authenticated_partner_id": caller.id}
        values = {"fields": ["email"], "context": context}
        # what an endpoint has left in the cache of rules
        runner = self.env["res.partner"].with_user(self.users["runner"])
        self.assertIn(caller, runner.with_context(**context).search([]))
        for identity, call in self.calls():
            if identity == "runner":
                for partner, allowed in ((own, ANYBODY), (caller, NOBODY)):
                    self.check(
                        allowed,
                        call,
                        identity,
                        "res.partner",
                        "read",
                        partner.ids,
                        values,
                    )


class TestPages(AccessCase):
    def test_menu(self):
        menu = self.env.ref("fastapi.menu_fastapi_root")
        for identity, user in self.users.items():
            with self.subTest(identity):
                menus = menu.with_user(user)
                visible = menus.has_access("read") and menus._visible_menu_ids()
                self.assertEqual(menu.id in (visible or ()), identity in READERS)

    def open_action(self, path):
        """Load an action by its path and read what its views show, as a browser does.

        :return: the name of an error, or None; how many records there are
        """

        def call_kw(model, method, args, **kwargs):
            params = {"model": model, "method": method, "args": args, "kwargs": kwargs}
            return self._result(f"/web/dataset/call_kw/{model}/{method}", params)

        error, action = self._result("/web/action/load", {"action_id": path})
        if error:
            return error, None
        error, views = call_kw(action["res_model"], "get_views", [action["views"]])
        if error:
            return error, None
        fields = views["models"][action["res_model"]]["fields"]
        error, found = call_kw(
            action["res_model"],
            "web_search_read",
            [ast.literal_eval(action["domain"] or "[]")],
            specification={name: {} for name in fields},
            context={**ast.literal_eval(action["context"]), "active_test": False},
        )
        return error, found and found["length"]

    def test_action(self):
        for identity, _call in itertools.islice(self.calls(), 0, None, 4):
            endpoints = self.env["fastapi.endpoint"].with_user(self.users[identity])
            self.make_endpoint(identity)
            with self.subTest(identity):
                error, count = self.open_action("fastapi-endpoints")
                if identity in READERS | {"runner"}:
                    self.assertIsNone(error)
                    visible = endpoints.with_context(active_test=False)
                    self.assertEqual(count, visible.search_count([]))
                    self.assertGreater(count, 0)
                else:
                    self.assertIn(error, REFUSED)

    def test_routes_and_docs(self):
        # whoever calls: the app runs as the user of its endpoint
        for identity, _call in itertools.islice(self.calls(), 0, None, 4):
            with self.subTest(identity):
                for path in ("/test/docs", "/test/redoc", "/test/openapi.json"):
                    self.assertEqual(self.get(path).status_code, 200)
                answer = self.get("/test/identity").json()
                self.assertEqual(answer["uid"], self.runner.id)
                self.assertFalse(answer["su"])
                self.assertEqual(self.get("/test/partner").status_code, 401)


class CountedHashes:
    """A crypt context of Odoo that tells how often a password was hashed."""

    def __init__(self, context):
        self._context = context
        self.count = 0

    def __getattr__(self, name):
        return getattr(self._context, name)

    def hash(self, secret):
        self.count += 1
        return self._context.hash(secret)

    def verify_and_update(self, secret, hashed):
        # nothing is hashed to compare with a password that is not there
        self.count += bool(hashed)
        return self._context.verify_and_update(secret, hashed)


class TestEvenTime(FastapiHttpCase):
    """What takes the time of an answer to credentials is hashing: it is counted."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        users = cls.env["res.users"]
        cls.hashes = CountedHashes(users._crypt_context())
        cls.classPatch(type(users), "_crypt_context", lambda self: cls.hashes)
        cls.without_password = new_test_user(cls.env, "without@test")
        cls.env.flush_all()
        cls.env.cr.execute(
            "UPDATE res_users SET password = NULL WHERE id = %s",
            [cls.without_password.id],
        )
        cls.archived = new_test_user(cls.env, "archived@test")
        cls.archived.active = False
        cls.set_cooldown(0)

    def setUp(self):
        super().setUp()
        self.mute(*RPC_LOGGERS)

    @classmethod
    def set_cooldown(cls, failures):
        parameters = cls.env["ir.config_parameter"]
        parameters.set_param("base.login_cooldown_after", failures)

    def hashes_of(self, login, password, status=401):
        self.hashes.count = 0
        response = self.get("/test/partner", auth=(login, password))
        self.assertEqual(response.status_code, status)
        if status == 401:
            self.assertEqual(
                response.json(), {"detail": "Incorrect username or password"}
            )
        return self.hashes.count

    def test_one_hash_whatever_is_wrong(self):
        self.assertEqual(self.hashes_of(*self.caller_auth, status=200), 1)
        for login in (
            self.caller.login,
            "nobody@test",
            self.without_password.login,
            self.archived.login,
            "",
        ):
            with self.subTest(login):
                self.assertEqual(self.hashes_of(login, "wrong"), 1)

    def test_passwords_for_api_keys_only(self):
        # as with two-factor authentication
        self.patch(type(self.caller), "_rpc_api_keys_only", lambda self: True)
        self.assertEqual(self.hashes_of(*self.caller_auth), 1)
        self.assertEqual(self.hashes_of("nobody@test", "wrong"), 1)

    def test_no_hash_for_what_is_no_password(self):
        for login in (self.caller.login, "nobody@test"):
            for password in ("", "x" * 4097, "nul \0"):
                with self.subTest(login, password=password[:5]):
                    self.assertEqual(self.hashes_of(login, password), 0)
            self.assertEqual(self.hashes_of(login, "x" * 4096), 1)

    def test_no_hash_after_too_many_failures(self):
        self.set_cooldown(2)
        for login in (self.caller.login, "nobody@test"):
            with self.subTest(login):
                for _attempt in range(2):
                    self.assertEqual(self.hashes_of(login, "wrong"), 1)
                self.assertEqual(self.hashes_of(login, "wrong", status=429), 0)

    def test_others_than_apis_are_left_alone(self):
        self.hashes.count = 0
        common = self.xmlrpc_common
        uid = common.authenticate(self.env.cr.dbname, "nobody@test", "wrong", {})
        self.assertFalse(uid)
        self.assertEqual(self.hashes.count, 0)


class TestNothingSecretIsLogged(ServerCase):
    """Whatever a client sends for its identity, and in bodies, is in no log."""

    SECRET = "s3cr3t-0f-th3-cl13nt"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user_id = cls.first.rpc(
            "res.users",
            "create",
            {"name": "secretive", "login": "secretive", "password": cls.SECRET},
        )
        cls.addClassCleanup(cls.first.rpc, "res.users", "unlink", [cls.user_id])

    def test_secrets(self):
        self.allow_demo_app()
        self.create_endpoint(self.first, "/secret")
        self.create_endpoint(
            self.first, "/secret1", app="demo", demo_auth_method="api_key"
        )
        server = OdooServer(
            self.dbname,
            log_handler=":INFO,odoo.addons.fastapi:DEBUG,odoo.addons.test_fastapi:DEBUG"
            ",asyncio:DEBUG",
        )
        self.addCleanup(server.stop)
        secret = self.SECRET

        def basic(password):
            return base64.b64encode(f"secretive:{password}".encode()).decode()

        values = (secret, basic(secret), basic(f"wrong {secret}"))
        credentials = (
            {"Authorization": f"Basic {values[1]}"},
            {"Authorization": f"Basic {values[2]}"},
            {"Authorization": f"Bearer {secret}"},
            {"Authorization": secret},
            {"api-key": secret},
            {"Cookie": f"session_id={secret}; token={secret}"},
        )
        form = f"name={secret}&password={secret}"
        statuses = set()
        for headers in credentials:
            for method, path, body, content_type in (
                ("GET", "/secret/partner", None, None),
                ("GET", "/secret/visible/res.partner", None, None),
                ("GET", f"/secret/items?page={secret}", None, None),
                ("GET", "/secret/wrong_response", None, None),
                ("GET", "/secret/abort/400", None, None),
                ("GET", "/secret/stream?name=a&fail=1", None, None),
                ("POST", "/secret/tasks?name=a", None, None),
                ("POST", "/secret/items?name=a&error=bare", None, None),
                ("POST", "/secret/items?name=a&error=committed", None, None),
                ("POST", f"/secret/items?name={secret}&quantity=-1", None, None),
                ("POST", "/secret/order", f'["{secret}"]', "application/json"),
                ("POST", "/secret/order", f'"{secret}', "application/json"),
                ("POST", "/secret/form", form, "application/x-www-form-urlencoded"),
                ("POST", "/secret/form", secret, "multipart/form-data"),
                ("PATCH", "/secret/items/0?quantity=1", secret, "text/plain"),
                ("GET", "/secret1/demo/who_ami", None, None),
                ("GET", "/secret1/nowhere", None, None),
            ):
                sent = {**headers, "Content-Type": content_type or "text/plain"}
                try:
                    statuses.add(server.request(method, path, body, sent).status)
                except http.client.HTTPException:  # the stream that fails
                    statuses.add(0)
        self.assertLessEqual({200, 400, 401, 404, 422, 500}, statuses)
        server.stop()
        log = "".join(server.log)
        self.assertIn(" DEBUG ", log)
        self.assertIn("Traceback", log)
        # with its query, an address is Odoo's to log
        lines = [line for line in server.log if " werkzeug: " not in line]
        for value in values:
            self.assertFalse([line for line in lines if value in line])
