# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Names of the addon published on PyPI that other addons and their tests use.

They are not part of this addon's contract; see the page about porting.
"""

import time
from types import SimpleNamespace
from unittest.mock import patch

from odoo.exceptions import ValidationError
from odoo.http import _request_stack

from odoo.addons.fastapi.models import FastapiEndpoint
from odoo.addons.fastapi.routers.demo_router import (
    FakeConcurrentUpdateError,
    _fail,
    get_lang,
    hello_word,
)

from .common import FastapiHttpCase

XMLIDS = (
    "fastapi_endpoint_access_manage",
    "fastapi_endpoint_access_view",
    "fastapi_endpoint_act_window",
    "fastapi_endpoint_demo_form_view",
    "fastapi_endpoint_fastapi_running_user",
    "fastapi_endpoint_fastapi_running_user_rule",
    "fastapi_endpoint_form_view",
    "fastapi_endpoint_menu",
    "fastapi_endpoint_search_view",
    "fastapi_endpoint_tree_view",
    "group_fastapi_endpoint_runner",
    "group_fastapi_manager",
    "group_fastapi_user",
    "menu_fastapi_root",
    "module_category_fastapi",
    "privilege_fastapi",
    "res_partner_fastapi_running_user",
    "res_partner_fastapi_running_user_rule",
    "res_user_fastapi_running_user",
    "res_user_fastapi_running_user_rule",
)


class TestRetrying(FastapiHttpCase):
    def setUp(self):
        super().setUp()
        # Odoo waits between attempts; other threads go on sleeping
        module = patch("odoo.service.model.time", wraps=time)
        self.slept = module.start().sleep
        self.slept.return_value = None
        self.addCleanup(module.stop)
        self._create_endpoint("/demo1", app="demo", demo_auth_method="http_basic")

    def test_get(self):
        for times in (2, 4, 3):
            response = self.get(f"/demo1/demo/retrying?nbr_retries={times}")
            self.assertEqual(response.json(), times)
        self.assertEqual(self.slept.call_count, 2 + 4 + 3)

    def test_post(self):
        response = self.post(
            "/demo1/demo/retrying?nbr_retries=3", files={"file": ("a.txt", b"content")}
        )
        self.assertEqual(response.json(), {"retries": 3, "file": "content"})

    def test_bounds(self):
        for times in (1, 5, "a"):
            response = self.get(f"/demo1/demo/retrying?nbr_retries={times}")
            self.assertEqual(response.status_code, 422)

    def test_count_belongs_to_the_request(self):
        """Two requests can be replayed at the same time."""
        requests = [
            SimpleNamespace(httprequest=SimpleNamespace(environ={})) for _number in "ab"
        ]

        def attempt(request, times):
            _request_stack.push(request)
            try:
                return _fail(times)
            except FakeConcurrentUpdateError:
                return "again"
            finally:
                _request_stack.pop()

        one, two = requests
        attempts = [attempt(one, 2), attempt(two, 3), attempt(one, 2), attempt(two, 3)]
        self.assertEqual(attempts, ["again"] * 4)
        attempts = [attempt(one, 2), attempt(two, 3), attempt(two, 3)]
        self.assertEqual(attempts, [2, "again", 3])

    def test_without_odoo_a_request_fails(self):
        with self.assertRaises(FakeConcurrentUpdateError):
            _fail(2)


class TestNames(FastapiHttpCase):
    def test_xmlids(self):
        for name in XMLIDS:
            self.assertTrue(self.env.ref(f"fastapi.{name}").exists(), name)

    def test_demo_router(self):
        self.assertEqual(
            (hello_word.__name__, get_lang.__name__), ("hello_world", "lang")
        )

    def test_demo_data(self):
        endpoints = self.env["fastapi.endpoint"]
        endpoints._load_demo_data()
        self.assertTrue(endpoints.has_demo_data())
        # the tests of shopinvader_router_helper compare the name
        self.assertEqual(
            self.env.ref("fastapi.fastapi_endpoint_demo").name, "Fastapi Demo Endpoint"
        )
        self.env.ref("fastapi.fastapi_endpoint_demo").unlink()
        self.assertFalse(endpoints.has_demo_data())

    def test_groups_are_sorted_by_name(self):
        groups = self.env.ref("fastapi.group_fastapi_user")
        groups |= self.env.ref("fastapi.group_fastapi_manager")
        self.assertEqual(groups.sorted().mapped("name"), ["Administrator", "User"])

    def test_endpoints_are_sorted_by_id(self):
        endpoints = self._create_endpoint("/z") + self._create_endpoint("/a")
        found = endpoints.search([("id", "in", endpoints.ids)])
        self.assertEqual(found.mapped("root_path"), ["/z", "/a"])

    def test_registry_sync_calls_get_routing_info(self):
        endpoints = self._create_endpoint("/one") + self._create_endpoint("/two")
        archived = self._create_endpoint("/archived", active=False)
        with patch.object(
            type(endpoints), "_get_routing_info", autospec=True
        ) as get_routing_info:
            (endpoints + archived)._handle_registry_sync()
            endpoints.browse()._handle_registry_sync(endpoints.ids)
            endpoints.browse()._handle_registry_sync(record_ids=archived.ids)
        asked = [call.args[0].root_path for call in get_routing_info.call_args_list]
        self.assertEqual(asked, ["/one", "/two"] * 2)

    def test_blacklisted_root_paths_of_an_addon(self):
        self.assertLessEqual(
            {"/", "/web", "/website"}, FastapiEndpoint._blacklist_root_paths
        )
        endpoint = self._create_endpoint("/shop")
        self.assertEqual(endpoint.state, "live")
        self.patch(
            type(endpoint),
            "_blacklist_root_paths",
            endpoint._blacklist_root_paths | {"/shop"},
        )
        with self.assertRaisesRegex(ValidationError, "/shop"):
            self._create_endpoint("/shop/")
        self._create_endpoint("/shop/api")
        endpoint.invalidate_recordset(["state"])
        self.assertEqual(endpoint.state, "broken")
