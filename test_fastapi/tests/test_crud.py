# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=missing-return
"""Routes of a model: what they answer, and what they leave in the database."""

import json
from typing import Annotated

from fastapi import Depends, HTTPException, Path

from odoo.fields import Domain
from odoo.models import BaseModel
from odoo.tests import new_test_user
from odoo.tools import SQL, mute_logger

from odoo.addons.fastapi.dependencies import authenticated_partner_impl, odoo_env
from odoo.addons.fastapi.records import (
    CrudRouter,
    FilterSchema,
    Lookup,
    RecordSchema,
    Reference,
    schema_from,
    sorting,
)

from .test_records import RecordCase


class Contact(RecordSchema):
    id: int
    name: str


class Item(RecordSchema):
    id: int
    name: str
    integer: int
    partner_id: Contact | None


class ItemCreate(RecordSchema):
    name: str
    integer: int = 0
    text: str | None = None
    partner_id: int | None = None


class ItemUpdate(RecordSchema):
    name: str = ""
    integer: int = 0
    text: str | None = None
    partner_id: int | None = None
    selection: str | None = None


class ItemFilter(FilterSchema):
    integer: list[int] | None = None
    search: Annotated[str | None, Lookup("name", operator="ilike")] = None


DOMAIN = [("text", "=", "crud")]


class Router(CrudRouter):
    def _create_record(self, model, vals):
        return super()._create_record(model, {"text": "crud", **vals})


def make_router(**params):
    return Router(
        "test.fastapi.typed",
        **{
            "prefix": "/items",
            "name": "item",
            "schema": Item,
            "create": ItemCreate,
            "update": ItemUpdate,
            "delete": True,
            "filter": ItemFilter,
            "sort": ("name", "integer"),
            "domain": DOMAIN,
            "env": odoo_env,
            **params,
        },
    )


class CrudCase(RecordCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.items = cls.model.create(
            [
                {"name": f"Item {number}", "integer": number % 2, "text": "crud"}
                for number in range(5)
            ]
        )
        cls.item = cls.items[0]
        cls.outside = cls.model.create({"name": "Outside", "text": "other"})
        cls.env.flush_all()

    def client(self, router=None, **params):
        """Return a client that gets what the server would answer."""
        params = {"raise_server_exceptions": False, **params}
        return self.enterContext(
            self._create_test_client(router=router or make_router(), **params)
        )

    def expect(self, response, status):
        self.assertEqual(response.status_code, status, response.text)
        return response.json() if response.content else None

    def url(self, record):
        return f"/items/{record.id}"


class TestReading(CrudCase):
    def test_list(self):
        client = self.client()
        page = self.expect(client.get("/items"), 200)
        self.assertEqual(page["count"], 5)
        self.assertEqual(
            page["items"][0],
            {"id": self.item.id, "name": "Item 0", "integer": 0, "partner_id": None},
        )
        page = self.expect(
            client.get("/items?integer=1&search=item&sort=-name&page_size=1"), 200
        )
        self.assertEqual(page["count"], 2)
        self.assertEqual([item["name"] for item in page["items"]], ["Item 3"])

    def test_list_without_filter_and_sorting(self):
        client = self.client(make_router(filter=None, sort=()))
        self.assertEqual(self.expect(client.get("/items?integer=1"), 200)["count"], 5)

    def test_sorting(self):
        for sort in (
            {"number": "integer"},
            sorting(number="integer", default="number"),
        ):
            client = self.client(make_router(sort=sort))
            page = self.expect(client.get("/items?sort=-number"), 200)
            self.assertEqual(page["items"][0]["integer"], 1)

    def test_cursors(self):
        client = self.client(make_router(cursor=True))
        page = self.expect(client.get("/items?page_size=4&sort=name"), 200)
        self.assertEqual(len(page["items"]), 4)
        cursor = page["next_cursor"]
        page = self.expect(
            client.get(f"/items?page_size=4&sort=name&cursor={cursor}"), 200
        )
        self.assertEqual([item["name"] for item in page["items"]], ["Item 4"])
        self.assertIsNone(page["next_cursor"])

    def test_get(self):
        client = self.client()
        item = self.expect(client.get(self.url(self.item)), 200)
        self.assertEqual(item["name"], "Item 0")

    def test_queries(self):
        client = self.client(raise_server_exceptions=True)
        partner = self.partners[0]
        self.items.partner_id = partner
        for path, count in (
            # records; names of partners
            ("/items", 2),
            (self.url(self.item), 2),
            # and how many there are
            ("/items?page_size=2", 3),
            ("/items?page_size=1000&integer=7", 1),
        ):
            client.get(path)
            self.env.invalidate_all()
            with self.subTest(path), self.assertQueryCount(count):
                self.expect(client.get(path), 200)


class TestMissingRecords(CrudCase):
    def requests(self, client, url):
        return (
            client.get(url),
            client.patch(url, json={"name": "Changed"}),
            client.delete(url),
            client.post(f"{url}/action"),
        )

    def router(self, **params):
        router = make_router(**params)

        @router.post("/{id}/action")
        def act(record: Annotated[BaseModel, Depends(router.record)]) -> Item:
            return Item.model_validate(record)

        return router

    def expect_missing(self, client, url):
        (text,) = {
            self.expect(response, 404)["detail"]
            for response in self.requests(client, url)
        }
        return text

    def test_no_difference(self):
        """Whether a record is missing, unreadable or outside of the domain."""
        client = self.client(self.router(), user=self.user)
        self.forbid("test.fastapi.typed", [("id", "!=", self.items[1].id)])
        gone = self.model.create({"name": "Gone", "text": "crud"})
        gone.unlink()
        texts = {
            self.expect_missing(client, self.url(record))
            for record in (gone, self.items[1], self.outside)
        }
        self.assertEqual(texts, {"This record does not exist."})
        self.assertEqual(self.items[1].name, "Item 1")
        get, patch, delete, _action = self.requests(client, self.url(self.items[2]))
        for response in (get, patch, delete):
            self.assertLess(response.status_code, 300)

    def test_text_in_the_language_of_the_client(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        client = self.client()
        response = client.get("/items/2147483647", headers={"Accept-Language": "fr"})
        detail = self.expect(response, 404)["detail"]
        self.assertEqual(detail, "Cet enregistrement n'existe pas.")

    def test_ids(self):
        client = self.client(self.router())
        for id_ in (
            *("0", "-1", "1.5", "1e1", "0x1", "x", "None", "%00", "%20", "1%00", "²"),
            *("2147483648", "9999999999", str(2**63), str(2**64), "9" * 5000),
        ):
            with self.subTest(id_[:20]):
                for response in self.requests(client, f"/items/{id_}"):
                    self.expect(response, 422)
        for id_ in ("2147483647", "1%2F2"):
            for response in self.requests(client, f"/items/{id_}"):
                self.expect(response, 404)

    def test_model_without_rights(self):
        """The rights of a model don't tell which records there are."""
        portal = new_test_user(self.env, "portal", groups="base.group_portal")
        client = self.client(self.router(), user=portal)
        for url in (self.url(self.item), "/items/2147483647"):
            for response in self.requests(client, url):
                self.expect(response, 403)
        self.expect(client.get("/items"), 403)

    def test_archived(self):
        class Partner(RecordSchema):
            name: str
            active: bool

        class PartnerUpdate(RecordSchema):
            active: bool = True

        router = CrudRouter(
            "res.partner",
            prefix="/partners",
            schema=Partner,
            update=PartnerUpdate,
            domain=[("email", "=", "al@example.com")],
            env=odoo_env,
        )
        client = self.client(router)
        url = f"/partners/{self.partners[0].id}"
        for active in (False, True):
            item = self.expect(client.patch(url, json={"active": active}), 200)
            self.assertEqual(item, {"name": "Al", "active": active})
            self.assertEqual(self.expect(client.get(url), 200), item)
            page = self.expect(client.get("/partners"), 200)
            self.assertEqual(page["count"], int(active))

        router = CrudRouter(
            "res.partner",
            prefix="/partners",
            schema=Partner,
            domain=[("active", "=", True)],
            env=odoo_env,
        )
        self.partners[0].active = False
        self.expect(self.client(router).get(url), 404)


class TestChanging(CrudCase):
    def test_create(self):
        client = self.client()
        response = client.post(
            "/items", json={"name": "New", "partner_id": self.partners[0].id}
        )
        item = self.expect(response, 201)
        record = self.model.browse(item["id"])
        self.assertEqual(record.text, "crud")
        self.assertEqual(item["partner_id"], {"id": self.partners[0].id, "name": "Al"})
        self.assertEqual(response.headers["Location"], self.url(record))
        self.assertEqual(client.get(response.headers["Location"]).json(), item)

    def test_location_of_any_letters(self):
        client = self.client(make_router(prefix="/größe"))
        location = client.post("/größe", json={"name": "x"}).headers["Location"]
        self.assertRegex(location, r"^/gr%C3%B6%C3%9Fe/\d+$")
        self.expect(client.get(location), 200)

    def test_no_location_where_nothing_can_be_read(self):
        client = self.client(make_router(only=("create",)))
        response = client.post("/items", json={"name": "New"})
        self.expect(response, 201)
        self.assertNotIn("Location", response.headers)

    def test_update(self):
        client = self.client()
        response = client.patch(self.url(self.item), json={"integer": 7})
        self.assertEqual(self.expect(response, 200)["integer"], 7)
        self.assertEqual((self.item.name, self.item.integer), ("Item 0", 7))
        self.expect(client.patch(self.url(self.item), json={}), 200)
        self.assertEqual(self.item.integer, 7)

    def test_delete(self):
        client = self.client()
        response = client.delete(self.url(self.item))
        self.assertIsNone(self.expect(response, 204))
        self.assertFalse(self.item.exists())
        self.expect(client.delete(self.url(self.item)), 404)

    def test_outside_of_the_domain(self):
        client = self.client()
        before = self.model.search_count([])
        response = client.post("/items", json={"name": "New", "text": "other"})
        detail = self.expect(response, 403)["detail"]
        self.assertEqual(detail, "You are not allowed to do this.")
        self.assertEqual(self.model.search_count([]), before)
        response = client.patch(self.url(self.item), json={"text": "other"})
        self.expect(response, 403)
        self.assertEqual(self.item.text, "crud")

    def test_outside_of_the_record_rules(self):
        """They may read no longer what they have written."""
        client = self.client(make_router(domain=None), user=self.user)
        self.forbid("test.fastapi.typed", [("text", "=", "crud")])
        response = client.patch(self.url(self.item), json={"text": "other"})
        self.expect(response, 403)
        self.assertEqual(self.item.text, "crud")

    @mute_logger("odoo.sql_db")
    def test_what_the_business_refuses(self):
        item = self.env["test.fastapi.item"].create({"name": "Taken"})
        self.env["test.fastapi.item"].create({"name": "Other"})

        class Name(RecordSchema):
            name: str = ""
            quantity: int = 0

        router = CrudRouter(
            "test.fastapi.item",
            prefix="/items",
            schema=Name,
            create=Name,
            update=Name,
            delete=True,
            env=odoo_env,
        )
        client = self.client(router)
        for response in (
            client.post("/items", json={"name": "Taken"}),
            client.post("/items", json={"name": "New", "quantity": -1}),
            client.patch(self.url(item), json={"name": "Other"}),
            client.patch(self.url(item), json={"quantity": -1}),
        ):
            self.expect(response, 400)
        self.assertEqual((item.name, item.quantity), ("Taken", 0))

    @mute_logger("odoo.sql_db")
    def test_delete_what_others_refer_to(self):
        partner = self.env.user.partner_id
        router = CrudRouter(
            "res.partner", prefix="/items", schema=Reference, delete=True, env=odoo_env
        )
        self.expect(self.client(router).delete(self.url(partner)), 400)
        self.assertTrue(partner.exists())

    def test_rights(self):
        self.env["ir.model.access"].search(
            [("model_id.model", "=", "test.fastapi.typed")]
        ).write({"perm_write": False, "perm_create": False, "perm_unlink": False})
        client = self.client(user=self.user)
        url = self.url(self.item)
        self.expect(client.get(url), 200)
        for response in (
            client.post("/items", json={"name": "New"}),
            client.patch(url, json={"integer": 7}),
            client.delete(url),
        ):
            self.expect(response, 403)

    def test_queries(self):
        bounded = self.client(raise_server_exceptions=True)
        partner = self.partners[0].id
        self.items.partner_id = partner
        free = self.client(make_router(domain=None), raise_server_exceptions=True)
        values = {"name": "New", "partner_id": partner}
        for client, method, content, count in (
            # find; check the partner; update; read; name of the partner
            (bounded, "PATCH", values, 5),
            # find; update; read; name of the partner
            (bounded, "PATCH", {"integer": 8}, 4),
            (free, "PATCH", {"integer": 9}, 4),
            # check the partner; insert; read; name of the partner
            (bounded, "POST", values, 4),
            (free, "POST", values, 4),
        ):
            url = "/items" if method == "POST" else self.url(self.item)
            client.request(method, url, json=content)
            self.env.invalidate_all()
            if "integer" in content:
                content = {"integer": content["integer"] + 10}
            with self.subTest((method, content)), self.assertQueryCount(count):
                response = client.request(method, url, json=content)
                self.env.flush_all()
            self.assertLess(response.status_code, 400)

    def test_hostile_content(self):
        client = self.client(user=self.user)
        client.headers["Content-Type"] = "application/json"
        url = self.url(self.item)
        for content, status in (
            ("", 422),
            ("null", 422),
            ("[]", 422),
            ("{", 422),
            ('"name"', 422),
            ("[" * 100_000, 400),
            ('{"name": null}', 422),
            ('{"name": "a\\u0000"}', 400),
            ('{"name": "\\ud800"}', 400),
            ('{"name": "a", "integer": 1e400}', 422),
            ('{"name": "a", "integer": 99999999999}', 400),
            ('{"name": "a", "partner_id": 99999999999}', 400),
            ('{"name": "a", "partner_id": -1}', 400),
            ('{"name": "a", "partner_id": {"id": 1}}', 422),
        ):
            for response in (
                client.post("/items", content=content),
                client.patch(url, content=content),
            ):
                with self.subTest(content[:50]):
                    self.expect(response, status)
        response = client.patch(url, json={"selection": "none"})
        self.expect(response, 400)
        self.assertEqual(self.item.name, "Item 0")

    def test_hostile_queries(self):
        client = self.client(make_router(cursor=True))
        for query in (
            "search=%00",
            "sort=secret",
            "sort=name;",
            "cursor=%00",
            "cursor=x",
            "page_size=0",
            "page_size=99999999999999999999",
            "integer=x",
        ):
            with self.subTest(query):
                response = client.get(f"/items?{query}")
                self.assertIn(response.status_code, (400, 422), response.text)
        response = client.get("/items?integer=99999999999999999999")
        self.assertEqual(self.expect(response, 200)["items"], [])


class TestBounds(CrudCase):
    """The environment of the records, and the domain."""

    def test_only_authenticated_callers_by_default(self):
        router = CrudRouter("test.fastapi.typed", prefix="/items", schema=Item)

        def refuse():
            raise HTTPException(401)

        client = self.client(
            router, dependency_overrides={authenticated_partner_impl: refuse}
        )
        self.expect(client.get("/items"), 401)
        self.expect(client.get(self.url(self.item)), 401)

    def test_domain_of_the_caller(self):
        def mine(env):
            return [("partner_id", "=", env.context["authenticated_partner_id"])]

        self.items[1:3].partner_id = self.partners[1]
        router = CrudRouter(
            "test.fastapi.typed",
            prefix="/items",
            schema=Item,
            update=ItemUpdate,
            domain=mine,
        )
        client = self.client(router, partner=self.partners[1])
        self.assertEqual(self.expect(client.get("/items"), 200)["count"], 2)
        self.expect(client.get(self.url(self.items[1])), 200)
        self.expect(client.get(self.url(self.item)), 404)
        response = client.patch(
            self.url(self.items[1]), json={"partner_id": self.partners[0].id}
        )
        self.expect(response, 403)

    def test_domain_of_the_path(self):
        def of_parent(parent_id: Annotated[int, Path()]):
            return [("parent_id", "=", parent_id)]

        router = CrudRouter(
            "test.fastapi.typed",
            prefix="/parents/{parent_id}/children",
            schema=Item,
            domain=Depends(of_parent),
            env=odoo_env,
        )
        client = self.client(router)
        url = f"/parents/{self.full.id}/children"
        self.assertEqual(self.expect(client.get(url), 200)["count"], 2)
        child = self.full.child_ids[0]
        self.expect(client.get(f"{url}/{child.id}"), 200)
        self.expect(client.get(f"/parents/{self.empty.id}/children/{child.id}"), 404)

    def test_domain_is_not_bound_to_a_database(self):
        """A domain remembers that a model has optimized it."""
        inner = Domain("name", "in", ["Al"])
        domain = Domain("partner_id", "any", inner) | Domain("text", "in", ["crud"])
        levels = [inner._opt_level, domain._opt_level]
        client = self.client(make_router(domain=domain))
        self.assertEqual(self.expect(client.get("/items"), 200)["count"], 6)
        self.expect(client.get(self.url(self.item)), 200)
        self.assertEqual([inner._opt_level, domain._opt_level], levels)

    def test_domain_in_sql(self):
        domain = Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "%s = 1", model._field_to_sql(alias, "integer", query)
            )
        )
        client = self.client(make_router(domain=domain & Domain(DOMAIN)))
        self.assertEqual(self.expect(client.get("/items"), 200)["count"], 2)
        self.expect(client.get(self.url(self.item)), 404)

    def test_empty_domain(self):
        client = self.client(make_router(domain=[]))
        self.expect(client.get(self.url(self.outside)), 200)

    def test_no_record(self):
        client = self.client(make_router(domain=Domain.FALSE))
        self.assertEqual(self.expect(client.get("/items"), 200)["count"], 0)
        self.expect(client.get(self.url(self.item)), 404)
        self.expect(client.post("/items", json={"name": "New"}), 403)


class Secret(RecordSchema):
    name: str = ""
    text: str = "crud"
    secret: str | None = None


class TestCheckedSudo(CrudCase):
    """Records are created and changed with rights that the caller has not."""

    def client_of_user(self, **params):
        router = make_router(
            create=Secret, update=Secret, domain=None, name="checked", **params
        )
        return self.client(router, user=self.user)

    def write_each(self, client):
        """Return the responses to all that changes a record."""
        content = {"name": "New", "secret": "new"}
        return (
            client.post("/items", json=content),
            client.patch(self.url(self.item), json=content),
            client.delete(self.url(self.items[1])),
        )

    def test_more_rights_than_the_caller(self):
        statuses = [
            response.status_code for response in self.write_each(self.client_of_user())
        ]
        self.assertEqual(statuses, [403, 403, 204])
        self.assertFalse(self.item.secret)
        client = self.client_of_user(checked_sudo=True)
        created, changed, _deleted = self.write_each(client)
        record = self.model.browse(self.expect(created, 201)["id"])
        self.expect(changed, 200)
        for found in (record, self.item):
            self.assertEqual((found.name, found.secret), ("New", "new"))
            self.assertEqual(found.write_uid, self.user)

    def test_rights_of_the_caller(self):
        access = self.env.ref("test_fastapi.access_test_fastapi_typed")
        access.perm_create = access.perm_write = access.perm_unlink = False
        client = self.client_of_user(checked_sudo=True)
        for response in self.write_each(client):
            self.expect(response, 403)
        self.assertEqual(self.item.name, "Item 0")
        self.assertTrue(self.items[1].exists())

    def test_record_rules_of_the_caller(self):
        self.forbid("test.fastapi.typed", [("text", "=", "crud")])
        client = self.client_of_user(checked_sudo=True)
        content = {"name": "New", "text": "other"}
        self.expect(client.post("/items", json=content), 403)
        self.expect(client.patch(self.url(self.outside), json=content), 404)
        self.expect(client.delete(self.url(self.outside)), 404)
        self.expect(client.patch(self.url(self.item), json=content), 403)
        self.assertEqual(self.item.name, "Item 0")

    def test_ids_are_checked_for_the_caller(self):
        self.forbid("res.partner", [("id", "!=", self.partners[0].id)])
        router = make_router(domain=None, name="checked", checked_sudo=True)
        client = self.client(router, user=self.user)
        content = {"name": "New", "partner_id": self.partners[0].id}
        self.expect(client.post("/items", json=content), 400)
        self.expect(client.patch(self.url(self.item), json=content), 400)

    def test_answers_have_the_rights_of_the_caller(self):
        router = make_router(
            schema=Secret, create=Secret, domain=None, name="read", checked_sudo=True
        )
        client = self.client(router, user=self.user)
        self.expect(client.post("/items", json={"name": "New"}), 403)

    def test_values(self):
        router = make_router(
            values=lambda env: {"text": "crud", "integer": env.uid}, name="values"
        )
        client = self.client(router, user=self.user)
        item = self.expect(client.post("/items", json={"name": "a", "integer": 1}), 201)
        self.assertEqual(item["integer"], self.user.id)
        url = self.url(self.item)
        item = self.expect(client.patch(url, json={"integer": 1}), 200)
        self.assertEqual(item["integer"], 1)


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
        """The first of two routes counts, as in any router."""
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

    def test_rights_of_a_hook_do_not_reach_the_answer(self):
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

    def test_nothing_of_a_database_is_kept(self):
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
