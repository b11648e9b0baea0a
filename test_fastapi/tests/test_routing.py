# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=missing-return,dangerous-default-value
"""How ``ir.http._match`` finds the rule of a request below an endpoint."""

import logging
from unittest.mock import patch

from werkzeug.routing import Map

from odoo.exceptions import ConcurrencyError
from odoo.http import request

from odoo.addons.base.models.ir_http import IrHttp as BaseIrHttp
from odoo.addons.fastapi.mounts import MountTable
from odoo.addons.web.models.ir_http import IrHttp as WebIrHttp

from .common import FastapiHttpCase


class TestRouting(FastapiHttpCase):
    def _record_base_matches(self):
        """Return the paths for which Odoo's own ``_match`` is called from now on."""
        paths = []
        match = BaseIrHttp.routing_map

        def routing_map(model, key=None):
            routing_map = match(model, key)
            bind = type(routing_map).bind_to_environ

            def bind_to_environ(environ, *args):
                paths.append(environ["PATH_INFO"])
                return bind(routing_map, environ, *args)

            vars(routing_map)["bind_to_environ"] = bind_to_environ
            return routing_map

        self.startPatcher(patch.object(BaseIrHttp, "routing_map", routing_map))
        return paths

    def test_path_that_only_an_endpoint_serves(self):
        paths = self._record_base_matches()
        for path in ("/test/identity", "/test/unknown", "/test"):
            self.get(path)
        self.assertEqual(paths, [])
        self.assertEqual(self.get("/web/health").status_code, 200)
        self.assertEqual(paths, ["/web/health"])

    def test_rules_are_read_once_for_all_endpoints(self):
        """With many endpoints, reading them is slow."""
        self._create_endpoint("/other")
        reads = []
        iter_rules = Map.iter_rules

        def count(routing_map, endpoint=None):
            reads.append(endpoint)
            return iter_rules(routing_map, endpoint)

        with patch.object(Map, "iter_rules", count):
            for path in ("/test/identity", "/other/identity"):
                self.get(path)
        self.assertEqual(reads, [None])

    def test_controllers_below_an_endpoint_win(self):
        self._create_endpoint("/report")
        response = self.get("/report/identity")
        self.assertEqual(response.json()["uid"], self.runner.id)
        response = self.get("/report/html/base.name")
        self.assertIn("/web/login", response.headers["Location"])

    def test_methods_that_an_endpoint_does_not_have(self):
        self._create_endpoint("/report")
        for path in ("/test/identity", "/report/identity"):
            self.assertEqual(self.call("PROPFIND", path).status_code, 405, path)
            self.assertEqual(self.call("get", path).status_code, 200, path)

    def test_same_result_as_by_werkzeug(self):
        results = []
        mounts = self.env["fastapi.endpoint"]._get_mounts()
        model = self.registry["ir.http"]
        match = model._match.__func__

        def spy(cls, path_info):
            rule, args = match(cls, path_info)
            attributes = set(vars(request._get_current_object()))
            results.append((rule.endpoint, args, attributes))
            return rule, args

        with patch.object(model, "_match", classmethod(spy)):
            for path in ("/test", "/test/", "/test/identity", "/test/a//b"):
                self.get(path)
                with patch.dict(mounts.own_rules, {"/test": None}):
                    self.get(path)
                short, long = results
                self.assertEqual(short, long, path)
                results.clear()

    def test_other_addons_match_too(self):
        """An override such as that of ``website`` sets attributes of the request."""
        seen = []

        def match(cls, path):
            seen.append((path, request.httprequest.method))
            return super(WebIrHttp, cls)._match(path)

        with patch.object(WebIrHttp, "_match", classmethod(match), create=True):
            self.assertEqual(self.get("/test/identity").status_code, 200)
            self.assertEqual(self.post("/test/unknown").status_code, 404)
        self.assertEqual(seen, [("/test/identity", "GET"), ("/test/unknown", "POST")])

    def test_several_routing_maps(self):
        """An override such as that of ``website`` has one for each website."""
        keys = []

        def routing_map(model, key=None):
            keys.append(key)
            return super(WebIrHttp, model).routing_map(key="other")

        self.registry.clear_cache("routing")
        with patch.object(WebIrHttp, "routing_map", routing_map, create=True):
            for _number in range(2):
                self.assertEqual(self.get("/test/identity").status_code, 200)
        self.assertEqual(keys, [None, None])
        self.registry.clear_cache("routing")

    def test_column_that_is_missing(self):
        """The code is new, and the database is not upgraded yet."""
        self.mute("odoo.sql_db")
        self.addCleanup(self.registry.clear_cache, "routing")
        self.env.cr.execute("ALTER TABLE fastapi_endpoint DROP COLUMN route_group")
        self.env.invalidate_all()
        self.registry.clear_cache("routing")
        with self.assertLogs("odoo.addons.fastapi.serving", logging.ERROR) as logs:
            for _number in range(2):
                self.assertEqual(self.get("/web/login").status_code, 200)
                response = self.get("/test/identity")
                self.assertEqual(response.status_code, 503)
                self.assertEqual(response.json(), {"detail": "Service Unavailable"})
                response = self.get("/tested")
                self.assertEqual(response.status_code, 404)
                self.assertIn("text/html", response.headers["Content-Type"])
        self.assertEqual(len(logs.records), 1)
        # an upgrade loads the registry again, with empty caches
        self.env.cr.execute("ALTER TABLE fastapi_endpoint ADD COLUMN route_group text")
        self.registry.clear_cache("routing")
        self.assertEqual(self.get("/test/identity").status_code, 200)

    def test_options_of_the_rule(self):
        """An override of ``_get_routing_info`` may add options for werkzeug."""
        self._create_endpoint("/routed", test_routing={"redirect_to": "web/health"})
        response = self.get("/routed/identity")
        self.assertTrue(response.headers["Location"].endswith("/web/health"))

    def test_replay_finds_the_endpoint_again(self):
        mounts = self.env["fastapi.endpoint"]._get_mounts()
        model = self.registry["ir.http"]
        self.startPatcher(patch("odoo.service.model.random.uniform", return_value=0))
        for name in ("_authenticate", "_pre_dispatch"):
            attempts = []
            original = getattr(model, name).__func__

            def archive_and_conflict(cls, *args, original=original, attempts=attempts):
                original(cls, *args)
                attempts.append(args)
                if len(attempts) == 1:
                    # as after the commit of another thread
                    cache = request.env["fastapi.endpoint"]._get_mount_cache()
                    cache.table = MountTable([], mounts.sequence)
                    raise ConcurrencyError("conflict")

            with patch.object(model, name, classmethod(archive_and_conflict)):
                response = self.get("/test/identity")
            self.registry.clear_cache("routing")
            self.assertEqual(len(attempts), 2, name)
            self.assertEqual(response.status_code, 404, name)
            self.assertEqual([*response.json()], ["detail"])
