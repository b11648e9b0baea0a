# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Conditional requests: ``ETag``, ``If-None-Match``, ``If-Match``."""

import time
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from odoo import Command
from odoo.models import BaseModel
from odoo.tests import BaseCase

from odoo.addons.fastapi.dependencies import odoo_env
from odoo.addons.fastapi.records import (
    CrudRouter,
    IfMatch,
    IfNoneMatch,
    RecordSchema,
    make_etag,
    schema_from,
)
from odoo.addons.fastapi.records.conditional import _parse

from .crud_case import CrudCase, Item, make_router
from .test_schema_from import NAMES

#: Headers that name no tag of ours, as a client may send them.
MALFORMED = (
    *("", ",", " , ,", '"', '"abc', "abc", "W/", "W", '""', '"*"', "*, *", '"a", *'),
    *("é".encode(), b"\xff", '"é"'.encode(), "\t", "\u00a0*".encode("latin-1")),
)
#: As long as a server takes them.
LONG = ('"' * 60_001, "," * 60_000, "W/" * 30_000, 'W/"' * 20_000, " \t" * 30_000 + "x")


class Child(RecordSchema):
    name: str


class Nested(RecordSchema):
    name: str
    title: str | None
    computed: str
    by_company: str | None
    partner_id: Child | None
    child_ids: list[Child]


class NestedUpdate(RecordSchema):
    text: str = ""
    child_ids: list[int] = []


def make_nested_router():
    return CrudRouter(
        "test.fastapi.typed",
        prefix="/nested",
        name="nested",
        schema=Nested,
        update=NestedUpdate,
        env=odoo_env,
    )


class TestTags(CrudCase):
    def test_the_same_tag_on_each_route(self):
        client = self.client()
        response = client.post("/items", json={"name": "New"})
        url = response.headers["Location"]
        etag = response.headers["ETag"]
        self.assertRegex(etag, r'^"[0-9a-f]{32}"$')
        self.assertEqual(client.get(url).headers["ETag"], etag)
        response = client.patch(url, json={"name": "Changed"})
        self.assertNotEqual(response.headers["ETag"], etag)
        self.assertEqual(client.get(url).headers["ETag"], response.headers["ETag"])
        response = client.patch(url, json={"name": "New"})
        self.assertEqual(response.headers["ETag"], etag)

    def test_response_has_the_stored_values(self):
        """The response to a change has the tag of the stored record."""
        Typed = schema_from(self.model, *NAMES, child_ids=int)
        router = make_router(
            schema=Typed,
            create=Typed.for_create(),
            update=Typed.for_update(),
            domain=None,
        )
        client = self.client(router)
        children = self.full.child_ids.ids
        for name, value in (
            ("currency_id", self.env.ref("base.EUR").id),
            ("name", " \té\r\n"),
            ("title", ""),
            ("title", None),
            ("text", "a\r\nb "),
            ("html", "<p onclick='x'>a<b>b</p><script>c</script>"),
            ("html", ""),
            ("integer", None),
            ("float", 0.1 + 0.2),
            ("float", -0.0),
            ("float", 1e300),
            ("digits", 0.125),
            ("digits", 1.005),
            ("monetary", 1.005),
            ("monetary", "12.3456789"),
            ("monetary", "1e15"),
            ("date", "0001-01-01"),
            ("datetime", "2026-01-02T03:04:05.678901+02:00"),
            ("datetime", "9999-12-31T23:59:59Z"),
            ("json", {"b": 1.0, "a": [None, 1e200]}),
            ("json", []),
            ("json", ""),
            ("by_company", "other"),
            ("partner_ids", self.partners.ids[::-1]),
            ("child_ids", children[::-1]),
            ("child_ids", children[1:]),
        ):
            response = client.patch(self.url(self.full), json={name: value})
            self.env.flush_all()
            self.env.invalidate_all()
            with self.subTest(name, value=value):
                self.expect(response, 200)
                after = client.get(self.url(self.full))
                self.assertEqual(after.json(), response.json())
                self.assertEqual(after.headers["ETag"], response.headers["ETag"])

    def test_tag_of_an_item(self):
        item = Item.model_validate(self.item)
        etag = make_etag(item)
        self.assertEqual(make_etag(Item.model_validate(self.item)), etag)
        self.assertNotEqual(make_etag(item.model_copy(update={"integer": 8})), etag)

    def test_schema(self):
        class Other(RecordSchema):
            title: str

        class Same(RecordSchema):
            name: str

        self.assertNotEqual(make_etag(Other(title="a")), make_etag(Same(name="a")))


class TestHeaders(BaseCase):
    def parse(self, header):
        tags = _parse(header)
        return tags.as_set(), tags.as_set(include_weak=True), tags.star_tag

    def test_lists_of_tags(self):
        for header, strong, weak in (
            ('"a"', {'"a"'}, set()),
            (' "a" , W/"b","c,d"', {'"a"', '"c,d"'}, {'"b"'}),
            (',, "a",, ', {'"a"'}, set()),
            ('W/"*"', set(), {'"*"'}),
        ):
            self.assertEqual(self.parse(header), (strong, strong | weak, False))
        self.assertEqual(self.parse(" * "), (set(), set(), True))
        self.assertIsNone(_parse(None))

    def test_malformed(self):
        for header in ("abc", '"a', 'w/"a"', 'W /"a"', '"a", b', 'x"a"', "*, *"):
            with self.subTest(header):
                self.assertEqual(self.parse(header), (set(), set(), False))

    def test_long(self):
        """Parsing takes linear time. It would take seconds otherwise."""
        for header in LONG:
            before = time.process_time()
            self.assertEqual(self.parse(header)[2], False)
            self.assertLess(time.process_time() - before, 1)


class TestReading(CrudCase):
    def test_not_modified(self):
        client = self.client()
        for url in (self.url(self.item), "/items", "/items?integer=7"):
            etag = client.get(url).headers["ETag"]
            for header in (etag, f"W/{etag}", f'"a", {etag}', f"{etag},W/{etag}", "*"):
                with self.subTest((url, header)):
                    response = client.get(url, headers={"If-None-Match": header})
                    self.assertIsNone(self.expect(response, 304))
                    self.assertEqual(response.headers["ETag"], etag)
                    self.assertNotIn("Content-Type", response.headers)

    def test_modified(self):
        client = self.client()
        for url in (self.url(self.item), "/items"):
            etag = client.get(url).headers["ETag"]
            for header in (
                *MALFORMED,
                '"a", W/"b"',
                etag.upper(),
                etag[1:-2],
                f"x{etag}",
            ):
                with self.subTest((url, header)):
                    response = client.get(url, headers={"If-None-Match": header})
                    self.expect(response, 200)
                    self.assertEqual(response.headers["ETag"], etag)

    def test_other_precondition(self):
        client = self.client()
        url = self.url(self.item)
        etag = client.get(url).headers["ETag"]
        for header, status in (
            (etag, 200),
            ("*", 200),
            ('"a"', 412),
            (f"W/{etag}", 412),
        ):
            response = client.get(url, headers={"If-Match": header})
            self.expect(response, status)

    def test_missing_records(self):
        for header in ("If-None-Match", "If-Match"):
            response = self.client().get("/items/1", headers={header: "*"})
            self.expect(response, 404)

    def change(self, change):
        """Return whether the content has changed, and whether the tag has."""
        client = self.client(make_nested_router())
        url = f"/nested/{self.full.id}"
        before = client.get(url)
        change()
        self.env.flush_all()
        self.env.invalidate_all()
        headers = {"If-None-Match": before.headers["ETag"]}
        after = client.get(url, headers=headers)
        if after.status_code == 304:
            self.assertEqual(client.get(url).json(), before.json())
        else:
            self.assertNotEqual(after.json(), before.json())
        return after.status_code

    def test_all_that_a_representation_depends_on(self):
        """Most of these changes leave the record's ``write_date`` as it is."""
        self.full.by_company = "mine"
        line = self.full.child_ids[0]
        write_date = self.full.write_date
        for change in (
            lambda: self.partners[0].write({"name": "Albert"}),
            lambda: line.write({"name": "Changed"}),
            lambda: line.unlink(),
            lambda: self.model.create({"name": "Third", "parent_id": self.full.id}),
            lambda: self.env.cr.execute(
                "UPDATE test_fastapi_typed SET name = 'By SQL' WHERE id = %s",
                [self.full.id],
            ),
        ):
            self.assertEqual(self.change(change), 200)
        self.assertEqual(self.full.write_date, write_date)
        # not in the schema
        self.assertEqual(self.change(lambda: self.full.write({"integer": 99})), 304)
        self.assertEqual(self.change(lambda: None), 304)

    def test_language_company_and_rights(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.full.with_context(lang="fr_FR").title = "Titre"
        company = self.env["res.company"].create({"name": "Other"})
        self.env.user.company_ids += company
        self.user.write({"company_ids": [Command.link(company.id)]})
        self.forbid("test.fastapi.typed", [("name", "!=", "First")])
        url = f"/nested/{self.full.id}"
        router = make_nested_router()
        client = self.client(router)
        etag = client.get(url).headers["ETag"]
        responses = [
            client.get(url, headers={"If-None-Match": etag, "Accept-Language": "fr"})
        ]
        for params in (
            {"env": self.env(context={"allowed_company_ids": company.ids})},
            {"user": self.user},
        ):
            client = self.client(make_nested_router(), **params)
            responses.append(client.get(url, headers={"If-None-Match": etag}))
        for response in responses:
            self.assertNotEqual(response.status_code, 304)

    def test_handwritten_route(self):
        router = APIRouter()

        def add_headers(response: Response):
            response.headers["Cache-Control"] = "no-cache"
            response.set_cookie("a", "1")
            response.set_cookie("b", "2")

        @router.get("/first", dependencies=[Depends(add_headers)])
        def get_first(condition: Annotated[IfNoneMatch, Depends()]) -> Item:
            self.item.integer += 1  # is kept
            return condition.respond(Item(id=1, name="a", integer=1, partner_id=None))

        client = self.client(router)
        etag = client.get("/first").headers["ETag"]
        response = client.get("/first", headers={"If-None-Match": etag})
        self.expect(response, 304)
        self.assertEqual(response.headers["Cache-Control"], "no-cache")
        cookies = response.headers.get_list("Set-Cookie")
        self.assertEqual([cookie[:4] for cookie in cookies], ["a=1;", "b=2;"])
        self.assertEqual(self.item.integer, 2)


class TestChanging(CrudCase):
    def requests(self, client, url, headers):
        yield client.patch(url, json={"integer": 7}, headers=headers)
        yield client.delete(url, headers=headers)

    def test_unchanged(self):
        client = self.client()
        url = self.url(self.item)
        for number, header in enumerate(("{}", '"a", {}, "b"', "*")):
            etag = client.get(url).headers["ETag"]
            response = client.patch(
                url,
                json={"integer": number + 10},
                headers={"If-Match": header.format(etag)},
            )
            self.expect(response, 200)
        headers = {"If-Match": response.headers["ETag"]}
        self.expect(client.delete(url, headers=headers), 204)

    def test_changed(self):
        client = self.client()
        url = self.url(self.item)
        old = client.get(url).headers["ETag"]
        self.item.name = "Changed"
        etag = client.get(url).headers["ETag"]
        # weak tags never match here
        for header in (old, f'"a", {old}', f"W/{etag}", *MALFORMED):
            for response in self.requests(client, url, {"If-Match": header}):
                with self.subTest(header):
                    self.expect(response, 412)
        self.assertEqual(self.item.integer, 0)

    def test_other_precondition(self):
        client = self.client()
        url = self.url(self.item)
        etag = client.get(url).headers["ETag"]
        for header in ("*", etag, f"W/{etag}"):
            for response in self.requests(client, url, {"If-None-Match": header}):
                self.expect(response, 412)
        headers = {"If-None-Match": '"a"'}
        self.expect(client.patch(url, json={"integer": 7}, headers=headers), 200)

    def test_missing_records(self):
        client = self.client()
        for response in self.requests(
            client, self.url(self.outside), {"If-Match": "*"}
        ):
            self.expect(response, 404)

    def test_rights_come_first(self):
        """Without the right to change it, the record is not updated."""
        self.env["ir.model.access"].search(
            [("model_id.model", "=", "test.fastapi.typed")]
        ).write({"perm_write": False, "perm_unlink": False})
        client = self.client(user=self.user)
        for response in self.requests(client, self.url(self.item), {"If-Match": '"a"'}):
            self.expect(response, 403)

    def test_pending_changes(self):
        """Pending changes of the transaction are part of the record."""
        client = self.client()
        url = self.url(self.item)
        etag = client.get(url).headers["ETag"]
        self.item.integer = 9
        response = client.patch(url, json={}, headers={"If-Match": etag})
        self.expect(response, 412)

    def test_queries(self):
        client = self.client(raise_server_exceptions=True)
        url = self.url(self.item)
        for number in (1, 2):
            headers = {"If-Match": client.get(url).headers["ETag"]}
            self.env.invalidate_all()
            # find; touch; read; update; read
            with self.assertQueryCount(5 if number == 2 else 50):
                response = client.patch(url, json={"integer": number}, headers=headers)
                self.env.flush_all()
            self.expect(response, 200)

    def test_handwritten_route(self):
        router = make_router()

        @router.post("/{id}/double")
        def double(
            record: Annotated[BaseModel, Depends(router.record)],
            condition: Annotated[IfMatch, Depends()],
        ) -> Item:
            condition.check(record, Item)
            record.integer = record.integer * 2 + 1
            return condition.respond(record, Item)

        client = self.client(router)
        url = self.url(self.item)
        headers = {"If-Match": client.get(url).headers["ETag"]}
        response = client.post(f"{url}/double", headers=headers)
        self.assertEqual(self.expect(response, 200)["integer"], 1)
        self.assertEqual(client.get(url).headers["ETag"], response.headers["ETag"])
        self.expect(client.post(f"{url}/double", headers=headers), 412)
        self.assertEqual(self.item.integer, 1)
