# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=missing-return
"""Routers: their routes, documentation, subclasses."""

import json
from typing import Annotated

from fastapi import Depends

from odoo.fields import Domain
from odoo.models import BaseModel

from odoo.addons.fastapi.dependencies import odoo_env
from odoo.addons.fastapi.records import CrudRouter, schema_from

from .crud_case import CrudCase, Item, ItemCreate, ItemUpdate, make_router


class TestExtending(CrudCase):
    def test_replaced_routes(self):
        router = make_router()
        before = [(route.path_format, route.methods) for route in router.routes]

        @router.get("/{item_id}")
        def get(item_id: int) -> str:
            return f"item {item_id}"

        @router.patch("/{id}", response_model=Item)
        def patch(record: Annotated[BaseModel, Depends(router.record)]):
            return record

        @router.get("")
        def get_list() -> str:
            return "list"

        after = [(route.path_format, route.methods) for route in router.routes]
        before[2] = ("/items/{item_id}", {"GET"})
        self.assertEqual(after, before)
        client = self.client(router)
        self.assertEqual(client.get("/items/7").json(), "item 7")
        self.assertEqual(client.get("/items").json(), "list")
        item = self.expect(client.patch(self.url(self.item)), 200)
        self.assertEqual(item["name"], "Item 0")

    def test_one_route_for_two(self):
        router = make_router()

        @router.api_route("/{id}", methods=["PATCH", "DELETE"])
        def both(id: int) -> str:
            return "both"

        self.assertEqual(
            [route.methods for route in router.routes],
            [{"GET"}, {"POST"}, {"GET"}, {"PATCH", "DELETE"}],
        )
        client = self.client(router)
        self.assertEqual(client.delete("/items/7").json(), "both")

    def test_replaced_twice(self):
        """The first of two routes is called, as in any router."""
        router = make_router()
        router.get("/{id}")(lambda id: "first")
        router.get("/{id}")(lambda id: "second")
        self.assertEqual(self.client(router).get("/items/7").json(), "first")

    def test_actions(self):
        router = make_router()

        @router.post("/{id}/double")
        def double(record: Annotated[BaseModel, Depends(router.record)]) -> Item:
            record.integer *= 2
            return Item.model_validate(record)

        @router.get("/{id}/half")
        def half(record: Annotated[BaseModel, Depends(router.record)]) -> int:
            return record.integer // 2

        @router.get("/stats")
        def stats(
            env: Annotated[object, Depends(router.env)],
            domain: Annotated[Domain, Depends(router.domain)],
        ) -> int:
            return env["test.fastapi.typed"].search_count(domain)

        client = self.client(router)
        self.assertEqual(client.get("/items/stats").json(), 5)
        self.item.integer = 4
        item = client.post(f"{self.url(self.item)}/double").json()
        self.assertEqual(item["integer"], 8)
        self.assertEqual(client.get(f"{self.url(self.item)}/half").json(), 4)
        self.expect(client.get(f"/items/{'9' * 5000}/half"), 422)

    def test_hooks(self):
        class Router(CrudRouter):
            def _create_record(self, model, vals):
                return super()._create_record(model, {**vals, "integer": 3})

            def _update_record(self, record, vals):
                super()._update_record(record, {**vals, "title": "changed"})

            def _delete_record(self, record):
                record.name = "deleted"

        router = Router(
            "test.fastapi.typed",
            prefix="/items",
            schema=Item,
            create=ItemCreate,
            update=ItemUpdate,
            delete=True,
            env=odoo_env,
        )
        client = self.client(router)
        item = self.expect(client.post("/items", json={"name": "New"}), 201)
        self.assertEqual(item["integer"], 3)
        self.expect(client.patch(self.url(self.item), json={}), 200)
        self.assertEqual(self.item.title, "changed")
        self.expect(client.delete(self.url(self.item)), 204)
        self.assertEqual(self.item.name, "deleted")

    def test_rights_of_a_hook_do_not_reach_the_response(self):
        class Router(CrudRouter):
            def _create_record(self, model, vals):
                return model.sudo().create(vals)

        self.forbid("test.fastapi.typed", [("text", "!=", "secret")])
        router = Router(
            "test.fastapi.typed",
            prefix="/items",
            schema=Item,
            create=ItemCreate,
            env=odoo_env,
        )
        client = self.client(router, user=self.user)
        response = client.post("/items", json={"name": "New", "text": "secret"})
        self.expect(response, 403)

    def test_schema_of_a_database(self):
        Typed = schema_from(self.model, "id", "name", "selection", child_ids=int)
        router = make_router(
            schema=Typed,
            create=Typed.for_create(),
            update=Typed.for_update(),
            domain=None,
        )
        client = self.client(router)
        item = self.expect(
            client.post("/items", json={"name": "New", "selection": "low"}), 201
        )
        self.assertEqual(item["selection"], "low")
        url = f"/items/{item['id']}"
        self.expect(client.patch(url, json={"selection": "none"}), 422)
        item = self.expect(client.patch(url, json={"selection": "high"}), 200)
        self.assertEqual(self.expect(client.get(url), 200), item)


class TestBuilding(CrudCase):
    def names(self, router):
        return [route.name for route in router.routes]

    def make(self, **params):
        return CrudRouter("test.fastapi.typed", schema=Item, **params)

    def test_routes(self):
        read = ["list_test_fastapi_typed", "get_test_fastapi_typed"]
        self.assertEqual(self.names(self.make()), read)
        for params, name in (
            ({"create": ItemCreate}, "create_test_fastapi_typed"),
            ({"update": ItemUpdate}, "update_test_fastapi_typed"),
            ({"delete": True}, "delete_test_fastapi_typed"),
        ):
            self.assertCountEqual(self.names(self.make(**params)), [*read, name])
        self.assertEqual(
            self.names(make_router(only=("list", "delete"))),
            ["list_item", "delete_item"],
        )
        self.assertEqual(self.names(make_router(only=())), [])

    def test_wrong_names(self):
        with self.assertRaisesRegex(ValueError, "'change' is not one of list, get"):
            self.make(only=("list", "change"))
        for name in ("create", "update", "delete"):
            with self.assertRaisesRegex(ValueError, f"'{name}' needs the argument"):
                self.make(only=("list", name))

    def test_documentation(self):
        document = self.client().get("/openapi.json").json()
        paths = document["paths"]
        self.assertEqual(list(paths), ["/items", "/items/{id}"])
        operations = {
            operation["operationId"]: operation
            for path in paths.values()
            for operation in path.values()
        }
        self.assertEqual(
            {name: operation["summary"] for name, operation in operations.items()},
            {
                "list_item": "List item records",
                "create_item": "Create one item",
                "get_item": "Read one item",
                "update_item": "Change one item",
                "delete_item": "Delete one item",
            },
        )
        self.assertEqual(
            {
                name: (
                    [parameter["name"] for parameter in operation["parameters"]]
                    if "parameters" in operation
                    else [],
                    " ".join(sorted(operation["responses"])),
                )
                for name, operation in operations.items()
            },
            {
                "list_item": (
                    ["integer", "search", "sort", "page", "page_size", "if-none-match"],
                    "200 304 400 422 500 503",
                ),
                "create_item": ([], "201 400 403 422 500 503"),
                "get_item": (["id", "if-none-match"], "200 304 400 404 422 500 503"),
                "update_item": (
                    ["id", "if-match"],
                    "200 400 403 404 412 422 500 503",
                ),
                "delete_item": (
                    ["id", "if-match"],
                    "204 400 403 404 412 422 500 503",
                ),
            },
        )
        content = json.dumps(operations["list_item"]["responses"]["200"])
        self.assertIn("#/components/schemas/PagedCollection_Item_", content)
        content = json.dumps(operations["create_item"]["responses"]["201"])
        self.assertIn("#/components/schemas/Item", content)
        self.assertIn("Location", content)
        self.assertIn("ETag", content)
        for name, schema in (
            ("create_item", "ItemCreate"),
            ("update_item", "ItemUpdate"),
        ):
            self.assertEqual(
                operations[name]["requestBody"]["content"]["application/json"][
                    "schema"
                ],
                {"$ref": f"#/components/schemas/{schema}"},
            )

    def test_router_keeps_nothing_of_a_database(self):
        router = make_router()
        before = {name: id(value) for name, value in vars(router).items()}
        routes = list(router.routes)
        client = self.client(router)
        client.get("/items")
        client.post("/items", json={"name": "New"})
        client.patch(self.url(self.item), json={"name": "Changed"})
        self.assertEqual(router.routes, routes)
        self.assertEqual(
            {name: id(value) for name, value in vars(router).items()}, before
        )
