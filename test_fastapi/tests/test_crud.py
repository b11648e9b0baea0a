# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=missing-return
"""Generated routes: their responses, and their changes in the database."""

from typing import Annotated

from fastapi import Depends

from odoo.models import BaseModel
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from odoo.addons.fastapi.dependencies import odoo_env
from odoo.addons.fastapi.records import CrudRouter, RecordSchema, Reference, sorting

from .crud_case import CrudCase, Item, make_router


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
            # and their number
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

    def test_all_are_the_same_404(self):
        """Records that are missing, unreadable or outside of the domain."""
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
        """Without rights on a model, nothing shows which records exist."""
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

    def test_location_with_special_characters(self):
        client = self.client(make_router(prefix="/größe"))
        location = client.post("/größe", json={"name": "x"}).headers["Location"]
        self.assertRegex(location, r"^/gr%C3%B6%C3%9Fe/\d+$")
        self.expect(client.get(location), 200)

    def test_no_location_without_a_route_to_read(self):
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
        """Callers may lose the right to read what they have written."""
        client = self.client(make_router(domain=None), user=self.user)
        self.forbid("test.fastapi.typed", [("text", "=", "crud")])
        response = client.patch(self.url(self.item), json={"text": "other"})
        self.expect(response, 403)
        self.assertEqual(self.item.text, "crud")

    @mute_logger("odoo.sql_db")
    def test_refusals_of_the_model(self):
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
    def test_delete_a_referenced_record(self):
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
