# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=missing-return
"""Who may use which records, and with which rights."""

from typing import Annotated

from fastapi import Depends, HTTPException, Path

from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.fastapi.dependencies import authenticated_partner_impl, odoo_env
from odoo.addons.fastapi.records import CrudRouter, RecordSchema

from .crud_case import DOMAIN, CrudCase, Item, ItemUpdate, make_router


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
        """A domain keeps its optimization for a model."""
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
    """Records are created and changed with more rights than the caller's."""

    def client_of_user(self, **params):
        router = make_router(
            create=Secret, update=Secret, domain=None, name="checked", **params
        )
        return self.client(router, user=self.user)

    def write_each(self, client):
        """Return the responses of all routes that change a record."""
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

    def test_responses_have_the_rights_of_the_caller(self):
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

    def test_values_bound_ids(self):
        """Ids are checked with the values that clients may not send."""

        class Linked(RecordSchema):
            name: str
            res_id: int

        router = make_router(
            create=Linked,
            values=lambda env: {"text": "crud", "res_model": "res.partner"},
            name="linked",
        )
        partner, hidden = self.partners
        self.forbid("res.partner", [("id", "!=", hidden.id)])
        client = self.client(router, user=self.user)
        content = {"name": "a", "res_id": partner.id}
        item = self.expect(client.post("/items", json=content), 201)
        record = self.model.browse(item["id"])
        self.assertEqual((record.res_model, record.res_id), ("res.partner", partner.id))
        content = {"name": "a", "res_id": hidden.id}
        self.expect(client.post("/items", json=content), 400)
