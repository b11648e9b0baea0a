# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from copy import deepcopy

from fastapi import APIRouter
from pydantic import BaseModel

from odoo.tests import BaseCase

from odoo.addons.fastapi.app.openapi import first_simple_get, iter_operations
from odoo.addons.fastapi.app.prepare import EndpointFastAPI
from odoo.addons.fastapi.cli._breaking_changes import find_breaking_changes
from odoo.addons.fastapi.message_routes import MessageRoute

from ..routers import messages


def make_document(*routers):
    app = EndpointFastAPI()
    for router in routers:
        app.include_router(router, prefix="/shop")
    return app.openapi()


class TestMessagesInOpenAPI(BaseCase):
    def test_operation(self):
        document = make_document(messages.router)
        operation = document["paths"]["/shop/orders/{shop}"]["get"]
        self.assertEqual(operation["operationId"], "order")
        self.assertNotIn("requestBody", operation)
        self.assertNotIn("200", operation["responses"])
        self.assertEqual(
            [param["name"] for param in operation["parameters"]], ["shop", "x-token"]
        )
        self.assertIn("`wss://`", operation["description"])
        self.assertIn("Create an item.", operation["description"])
        content = operation["responses"]["101"]["content"]
        sides = content["application/json"]["schema"]["properties"]
        self.assertEqual(sides["receive"]["$ref"], "#/components/schemas/Order")
        self.assertEqual(sides["send"]["$ref"], "#/components/schemas/Item")
        self.assertLessEqual(
            {"Order", "Item"}, document["components"]["schemas"].keys()
        )

    def test_refusals(self):
        """Besides those of a request: other sites, no handshake, the limits."""
        document = make_document(messages.router)
        responses = document["paths"]["/shop/orders/{shop}"]["get"]["responses"]
        self.assertEqual(list(responses), "101 400 403 404 422 426 429 500 503".split())
        self.assertIn("UpgradeRequired", document["components"]["responses"])

    def test_row_of_the_backend(self):
        """It is no GET to try in a terminal, and its summary is its docstring."""
        document = make_document(messages.router)
        operations = {item.path: item for item in iter_operations(document)}
        order = operations["/shop/orders/{shop}"]
        self.assertEqual((order.method, order.summary), ("WS", "Create an item."))
        self.assertEqual(order.docs_fragment, "/default/order")
        self.assertEqual(operations["/shop/feed"].summary, "Echo")
        self.assertIsNone(first_simple_get(document))

    def test_route_without_replies(self):
        router = APIRouter()

        class Note(BaseModel):
            text: str

        notes = MessageRoute(router, "/notes", receive=Note)

        @notes.on_message
        def note(message: Note) -> None:
            """Take a note."""

        operation = make_document(router)["paths"]["/shop/notes"]["get"]
        content = operation["responses"]["101"]["content"]
        sides = content["application/json"]["schema"]["properties"]
        self.assertEqual(list(sides), ["receive"])

    def test_replies_of_several_types(self):
        router = APIRouter()
        send = messages.Item | messages.Order
        orders = MessageRoute(router, "/orders", receive=messages.Order, send=send)

        @orders.on_message
        def order(message: messages.Order) -> None:
            pass

        operation = make_document(router)["paths"]["/shop/orders"]["get"]
        content = operation["responses"]["101"]["content"]
        sides = content["application/json"]["schema"]["properties"]
        self.assertEqual(
            [schema["$ref"] for schema in sides["send"]["anyOf"]],
            ["#/components/schemas/Item", "#/components/schemas/Order"],
        )

    def test_breaking_changes(self):
        """What the client sends may not need more, what it gets may not have less."""
        old = make_document(messages.router)
        self.assertEqual(list(find_breaking_changes(old, deepcopy(old))), [])
        new = deepcopy(old)
        schemas = new["components"]["schemas"]
        schemas["Order"]["required"] = ["name", "quantity"]
        schemas["Item"]["required"] = ["id", "name"]
        found = "\n".join(find_breaking_changes(old, new))
        self.assertIn(
            "GET /shop/orders/{shop}: message to receive.quantity is required", found
        )
        self.assertIn(
            "GET /shop/orders/{shop}: message to send.quantity can be missing", found
        )


class TestDefinitions(BaseCase):
    def setUp(self):
        super().setUp()
        self.router = APIRouter()
        self.route = MessageRoute(
            self.router, "/x", receive=messages.Order, send=messages.Item
        )

    def test_first_parameter(self):
        def handler(env: messages.Env, message: messages.Order) -> None:
            pass

        with self.assertRaisesRegex(TypeError, "The first parameter of .*handler"):
            self.route.on_message(handler)

    def test_receive_is_no_model(self):
        route = MessageRoute(self.router, "/y", receive=int)

        def handler(message: int) -> None:
            pass

        with self.assertRaisesRegex(TypeError, "int.* is not a model of Pydantic"):
            route.on_message(handler)

    def test_generators(self):
        def generate(message: messages.Order):
            yield

        def events():
            yield

        with self.assertRaisesRegex(TypeError, "see events"):
            self.route.on_message(generate)
        with self.assertRaisesRegex(TypeError, "not an async generator function"):
            self.route.events(events)

    def test_decorators_in_any_order(self):
        def handler(message: messages.Order) -> None:
            pass

        def connect() -> None:
            pass

        self.assertIs(self.route.on_message(handler), handler)
        self.assertIs(self.route.on_connect(connect), connect)
        paths = [(type(route).__name__, route.path) for route in self.router.routes]
        self.assertEqual(
            paths, [("_MessageAPIRoute", "/x"), ("APIWebSocketRoute", "/x")]
        )
