# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=method-required-super
import asyncio
import json
from contextlib import contextmanager

from odoo import api
from odoo.exceptions import AccessError
from odoo.modules.registry import Registry
from odoo.tests import TransactionCase, new_test_user, tagged

from odoo.addons.fastapi.context import odoo_env_ctx
from odoo.addons.fastapi.transactions import Transactions
from odoo.addons.fastapi_bus import SlowListener, record_events, send_event

from .bus_case import BusCase

MODEL = "test.bus.record"


@tagged("post_install", "-at_install")
class TestSender(TransactionCase):
    def setUp(self):
        super().setUp()
        self.partner = self.env["res.partner"].create({"name": "Partner"})
        self.record = self.add("first")
        self.get_sent()

    def add(self, name):
        vals = {"name": name, "partner_id": self.partner.id}
        return self.env[MODEL].create(vals)

    def get_sent(self):
        """Return the payloads that the transaction sends."""
        self.env.cr.flush()
        messages = self.env["bus.bus"].search([], order="id")
        rows = [(json.loads(row.channel), json.loads(row.message)) for row in messages]
        messages.unlink()
        channel = [self.env.cr.dbname, "fastapi_bus.records", MODEL]
        return [message["payload"] for found, message in rows if found == channel]

    def test_changes_of_a_transaction_are_sent_together(self):
        second, third = self.add("second"), self.add("third")
        self.record.name = "changed"
        second.name = "changed"
        third.unlink()
        ids = sorted([self.record.id, second.id, third.id])
        self.assertEqual(self.get_sent(), [ids])
        self.assertEqual(self.get_sent(), [])

    def test_stored_computed_field(self):
        """It changes without a call of ``write`` on its model."""
        self.partner.ref = "new"
        self.assertEqual(self.get_sent(), [[self.record.id]])

    def test_nothing_has_changed(self):
        self.record.read(["name"])
        self.env[MODEL].browse().write({"name": "x"})
        self.env[MODEL].browse().unlink()
        self.env[MODEL].create([])
        self.assertEqual(self.get_sent(), [])

    def test_rollback_of_a_savepoint(self):
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            self.record.name = "changed"
            self.env.cr.flush()
            raise ZeroDivisionError
        self.assertEqual(self.get_sent(), [])

    def test_many_records(self):
        names = [{"name": str(number)} for number in range(2500)]
        records = self.env[MODEL].create(names)
        sent = self.get_sent()
        self.assertEqual([len(ids) for ids in sent], [1000, 1000, 500])
        self.assertEqual(sum(sent, []), records.ids)

    def test_reserved_type(self):
        with self.assertRaisesRegex(ValueError, "reserved"):
            send_event(self.env, "a/1", "fastapi_bus.events_lost", None)


@tagged("post_install", "-at_install")
class TestListener(BusCase):
    def setUp(self):
        super().setUp()
        with self.committed() as env:
            self.runner_id = env.ref("test_fastapi.user_test_runner").id
        self.addCleanup(self.query, "DELETE FROM test_bus_record")

    @contextmanager
    def committed(self, uid=api.SUPERUSER_ID):
        """Provide the environment of a transaction, and commit it."""
        with Registry(self.dbname).cursor() as cr:
            yield api.Environment(cr, uid, {})

    def add(self, *names):
        with self.committed() as env:
            return env[MODEL].create([{"name": name} for name in names]).ids

    def change(self, ids, **vals):
        with self.committed() as env:
            env[MODEL].browse(ids).write(vals)

    def listen_to(self, domain=(), uid=None, model=MODEL, **options):
        with self.committed(uid or self.runner_id) as env:
            token = odoo_env_ctx.set(env)
            try:
                return record_events(Transactions(env), model, domain, **options)
            finally:
                odoo_env_ctx.reset(token)

    def assertChange(self, change, ids=(), removed=()):
        self.assertEqual((change.ids, change.removed), (tuple(ids), tuple(removed)))

    def test_records_come_change_and_go(self):
        async def test():
            async with self.listen_to([("name", "like", "shown")]) as changes:
                self.assertEqual(changes.ids, (first,))
                self.change(hidden, name="still hidden from it")
                new = self.add("shown too", "not this one")
                self.assertChange(await anext(changes), new[:1])
                self.change([first, hidden], name="both shown")
                self.assertChange(await anext(changes), [first, hidden])
                self.change(first, name="not any more")
                self.assertChange(await anext(changes), [], [first])
                self.change(hidden, active=False)
                self.assertChange(await anext(changes), [], [hidden])
                with self.committed() as env:
                    env[MODEL].browse(new).unlink()
                self.assertChange(await anext(changes), [], new[:1])
                self.assertEqual(changes.ids, ())

        first, hidden = self.add("shown", "hidden")
        self.run_async(test())

    def test_changes_between_two_waits_come_together(self):
        async def test():
            async with self.listen_to() as changes, self.listen("a/1") as other:
                new = self.add("first") + self.add("second")
                self.change(old, name="changed")
                self.send("a/1", "end")
                await anext(other)
                self.assertChange(await anext(changes), sorted([*old, *new]))

        old = self.add("old")
        self.run_async(test())

    def test_rights_of_the_caller(self):
        async def test():
            async with self.listen_to() as changes:
                self.assertEqual(changes.ids, (public,))
                self.change([secret, public], active=True)
                self.assertChange(await anext(changes), [public])
                self.change(secret, name="public now")
                self.assertChange(await anext(changes), [secret])
                self.change(secret, name="secret again")
                self.assertChange(await anext(changes), [], [secret])

        public, secret = self.add("public", "secret")
        with self.committed() as env:
            rule = env["ir.rule"].create(
                {
                    "name": "Test",
                    "model_id": env["ir.model"]._get_id(MODEL),
                    "domain_force": "[('name', 'not like', 'secret')]",
                }
            )
        try:
            self.run_async(test())
        finally:
            with self.committed() as env:
                rule.with_env(env).unlink()

    def test_no_right_to_read_the_model(self):
        async def test():
            with self.assertRaises(AccessError):
                async with self.listen_to(uid=uid):
                    pass

        with self.committed() as env:
            uid = new_test_user(env, "bus_reader", groups="base.group_public").id
        try:
            self.run_async(test())
        finally:
            with self.committed() as env:
                env["res.users"].browse(uid).unlink()

    def test_model_without_the_mixin(self):
        async def test():
            with self.assertRaisesRegex(TypeError, "does not inherit"):
                await anext(self.listen_to(model="res.partner"))

        self.run_async(test())

    def test_bounded_memory(self):
        """The oldest ids are forgotten, and then their removal is not reported."""

        async def test():
            async with self.listen_to(max_known=2) as changes:
                self.assertEqual(len(changes.ids), 2)
                new = self.add("d")
                self.assertChange(await anext(changes), new)
                self.assertEqual(changes.ids, (old[1], *new))
                with self.committed() as env:
                    env[MODEL].browse([*old, *new]).unlink()
                self.assertChange(await anext(changes), [], [old[1], *new])

        old = self.add("a", "b", "c")
        self.run_async(test())

    def test_waiting_can_be_given_up(self):
        async def test():
            async with self.listen_to() as changes:
                with self.assertRaises(asyncio.TimeoutError):
                    await asyncio.wait_for(anext(changes), 0.01)
                new = self.add("new")
                self.assertChange(await anext(changes), new)

        self.run_async(test())

    def test_slow_listener(self):
        async def test():
            async with self.listen_to(queue=2) as changes, self.listen("a/1") as other:
                for name in "abc":
                    self.add(name)
                self.send("a/1", "end")
                await anext(other)
                with self.assertRaises(SlowListener):
                    await anext(changes)

        self.run_async(test())
