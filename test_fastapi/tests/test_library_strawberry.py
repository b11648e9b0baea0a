# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""strawberry-graphql: swallowed exceptions of resolvers, and the documented recipe."""

import json
import sys
import types
import unittest
from importlib.util import find_spec
from pathlib import Path

from odoo.addons.fastapi.tests.common import FastAPITransactionCase

from .documents import read_blocks, read_files
from .server_case import ServerCase
from .servers import Background

CLIENTS = 6
PAGE = Path(__file__).parents[2] / "docs" / "graphql.md"


@unittest.skipUnless(find_spec("strawberry"), "strawberry-graphql is not installed")
class TestConflicts(ServerCase):
    def test_concurrent_increments(self):
        """Each increment with a 200 is saved."""
        self.create_endpoint(self.first, "/g")
        item_id = self.create_item(self.first, "/g")
        self.first.request("GET", "/g/identity")  # builds the app
        body = json.dumps({"query": f"mutation {{ increment(id: {item_id}) }}"})
        headers = {"Content-Type": "application/json"}
        calls = [
            Background(self.first.request, "POST", "/g/graphql", body, headers)
            for _client in range(CLIENTS)
        ]
        acknowledged = 0
        for call in calls:
            response = call.result(60)
            if response.status == 200:
                self.assertNotIn("errors", response.json())
                acknowledged += 1
        self.assertEqual(self.quantity(item_id), acknowledged)
        self.assertTrue(any("try again in" in line for line in self.first.log))


@unittest.skipUnless(find_spec("strawberry"), "strawberry-graphql is not installed")
@unittest.skipUnless(PAGE.exists(), "not in the repository")
class TestRecipe(FastAPITransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (block,) = read_blocks(PAGE)
        (source,) = read_files(block).values()
        module = types.ModuleType("graphql_recipe")  # strawberry looks it up
        sys.modules[module.__name__] = module
        cls.addClassCleanup(sys.modules.pop, module.__name__)
        # a model that exists in the tests
        source = source.replace("library.book", "test.fastapi.item")
        exec(source, vars(module))  # noqa: S102
        cls.default_fastapi_router = module.router
        cls.item = cls.env["test.fastapi.item"].create({"name": "Dune"})

    def ask(self, query, **arguments):
        with self._create_test_client(**arguments) as client:
            return client.post("/graphql", json={"query": query})

    def test_query(self):
        response = self.ask("{ books { id name } }")
        books = response.json()["data"]["books"]
        self.assertIn({"id": self.item.id, "name": "Dune"}, books)

    def test_mutation(self):
        self.ask(f'mutation {{ rename(id: {self.item.id}, name: "Emma") {{ id }} }}')
        self.assertEqual(self.item.name, "Emma")

    def test_error_rolls_everything_back(self):
        other = self.env["test.fastapi.item"].create({"name": "Ivanhoe"})
        query = (
            f'mutation {{ a: rename(id: {self.item.id}, name: "Emma") {{ id }} '
            f'b: rename(id: {other.id + 1}, name: "Emma") {{ id }} }}'
        )
        response = self.ask(query, raise_server_exceptions=False)
        self.assertEqual(response.status_code, 404)
        self.assertEqual(self.item.name, "Dune")
