# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which users may do what with the models and methods of the addon.

The tables below list it. The models and methods come from introspection, so a new one
that is in no table fails a test.
"""

from odoo.exceptions import AccessError
from odoo.service.model import get_public_method

from .access_case import ALL_USERS, MANAGERS, NO_USERS, READERS, AccessCase

#: Identities that may access records, by model and operation. The runner only sees
#: endpoints that run as itself. All users only see their own routes.
CRUD = {
    # has no records
    "fastapi.app": {
        "read": NO_USERS,
        "create": NO_USERS,
        "write": NO_USERS,
        "unlink": NO_USERS,
    },
    "fastapi.auth.failure": {
        "read": NO_USERS,
        "create": NO_USERS,
        "write": NO_USERS,
        "unlink": NO_USERS,
    },
    "fastapi.endpoint": {
        "read": READERS | {"runner"},
        "create": MANAGERS,
        "write": MANAGERS,
        "unlink": MANAGERS,
    },
    "fastapi.endpoint.change": {
        "read": MANAGERS,
        "create": NO_USERS,
        "write": NO_USERS,
        "unlink": NO_USERS,
    },
    "fastapi.endpoint.key": {
        "read": READERS,
        # by the wizard only
        "create": NO_USERS,
        # only the scopes
        "write": MANAGERS,
        # by a button only, which asks for the password
        "unlink": NO_USERS,
    },
    "fastapi.endpoint.key.description": {
        "read": MANAGERS,
        "create": MANAGERS,
        "write": MANAGERS,
        "unlink": NO_USERS,
    },
    # has no records
    "fastapi.endpoint.key.show": {
        "read": MANAGERS,
        "create": MANAGERS,
        "write": NO_USERS,
        "unlink": NO_USERS,
    },
    "fastapi.route": {
        "read": READERS,
        "create": NO_USERS,
        "write": NO_USERS,
        "unlink": NO_USERS,
    },
}
#: Identities that may call the public methods that the addon adds.
METHODS = {
    ("fastapi.endpoint", "create"): MANAGERS,
    ("fastapi.endpoint", "write"): MANAGERS,
    ("fastapi.endpoint", "unlink"): MANAGERS,
    # reads groups
    ("fastapi.endpoint", "copy_data"): READERS,
    # Odoo describes the fields of every model to every user
    ("fastapi.endpoint", "fields_get"): ALL_USERS,
    ("fastapi.endpoint", "action_open_docs"): READERS | {"runner"},
    ("fastapi.endpoint", "action_open_redoc"): READERS | {"runner"},
    ("fastapi.endpoint", "action_open_openapi"): READERS | {"runner"},
    ("fastapi.endpoint", "action_open_routes"): READERS,
    ("fastapi.endpoint", "action_try_again"): MANAGERS,
    ("fastapi.endpoint", "action_new_key"): MANAGERS,
    # saves nothing, for anyone
    ("fastapi.endpoint.key.show", "web_save"): ALL_USERS,
    ("fastapi.endpoint.key", "create"): NO_USERS,
    ("fastapi.endpoint.key", "write"): MANAGERS,
    ("fastapi.endpoint.key", "unlink"): NO_USERS,
    ("fastapi.endpoint.key", "action_revoke"): MANAGERS,
    ("fastapi.endpoint.key.description", "make_key"): MANAGERS,
    ("fastapi.route", "action_open_docs"): READERS,
    # does nothing
    ("fastapi.endpoint", "action_sync_registry"): ALL_USERS,
    # as in Odoo: administrators install addons
    ("ir.module.module", "write"): frozenset({"administrator"}),
    # as in Odoo: administrators manage users
    ("res.users", "write"): frozenset({"administrator"}),
}
#: All that the runner's group may read.
READ_BY_RUNNER = {"fastapi.endpoint", "res.partner", "res.users"}


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
                ("read", NO_USERS, others, fields),
                ("action_open_docs", opens, [own], {}),
                ("action_open_docs", NO_USERS, others, {}),
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
                ("write", key.ids, {"vals": {"user_id": self.runner.id}}, NO_USERS),
                ("write", key.ids, {"vals": {"last_used": False}}, NO_USERS),
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
                self.check(NO_USERS, call, identity, model, method, args, kwargs)

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
                    self.check(NO_USERS, call, identity, model, method, args, kwargs)

    def test_build_error_is_for_managers(self):
        ids = self.endpoint.ids
        values = {"fields": ["build_error"]}
        for identity, call in self.calls():
            self.check(
                MANAGERS, call, identity, "fastapi.endpoint", "read", ids, values
            )

    def test_private_methods_are_refused(self):
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
        found = {
            name
            for name in own._fields.keys() - values.keys()
            if own._fields[name]._module == "fastapi"  # other addons hide some, too
        }
        self.assertEqual(hidden, found)
        for identity, call in self.calls():
            allowed = ALL_USERS & CRUD["fastapi.endpoint"]["read"] - {"runner"}
            self.check(allowed, call, identity, "fastapi.endpoint", "read", other.ids)

    def test_models_that_the_runner_reads(self):
        runner = self.users["runner"]
        no_groups = self.env["res.users"].create(
            {"name": "no groups", "login": "no-groups@access", "group_ids": False}
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

    def test_authenticated_partner_is_not_read_from_the_context_of_a_client(self):
        caller, own = self.caller.partner_id, self.users["runner"].partner_id
        context = {"authenticated_partner_id": caller.id}
        values = {"fields": ["email"], "context": context}
        # as an endpoint leaves it in the cache of record rules
        runner = self.env["res.partner"].with_user(self.users["runner"])
        self.assertIn(caller, runner.with_context(**context).search([]))
        for identity, call in self.calls():
            if identity == "runner":
                for partner, allowed in ((own, ALL_USERS), (caller, NO_USERS)):
                    self.check(
                        allowed,
                        call,
                        identity,
                        "res.partner",
                        "read",
                        partner.ids,
                        values,
                    )
