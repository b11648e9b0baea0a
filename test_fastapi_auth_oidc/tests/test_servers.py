# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tests import tagged

from odoo.addons.fastapi_auth_oidc.tests.issuer import TestIssuer
from odoo.addons.test_fastapi.tests.server_case import ServerCase
from odoo.addons.test_fastapi.tests.servers import TIMEOUT, Background


@tagged("post_install", "-at_install")
class TestServers(ServerCase):
    def setUp(self):
        super().setUp()
        self.issuer = TestIssuer()
        self.addCleanup(self.issuer.close)
        (self.provider_id,) = self.first.rpc(
            "fastapi.oidc.provider",
            "create",
            [
                {
                    "name": "Login",
                    "issuer": self.issuer.url,
                    "audience": "api",
                    "allow_private_network": True,
                    "create_partners": True,
                }
            ],
        )
        self.create_endpoint(
            self.first,
            "/oidc",
            app="test_oidc",
            auth_oidc=True,
            oidc_provider_id=self.provider_id,
        )
        self.assertEqual(self.ask("/oidc/open").status, 200)  # builds the app

    def clean_up(self):
        result = super().clean_up()
        partner_ids = [partner_id for (partner_id,) in self.partners()]
        self.first.rpc("res.partner", "unlink", partner_ids)
        self.first.rpc("fastapi.oidc.provider", "unlink", [self.provider_id])
        return result

    def ask(self, path="/oidc/caller", token=None):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.first.request("GET", path, headers=headers)

    def partners(self):
        return self.query(
            "SELECT partner_id FROM fastapi_oidc_caller WHERE provider_id = %s",
            self.provider_id,
        )

    def test_no_transaction_is_open_while_keys_are_loaded(self):
        self.issuer.open.clear()
        token = self.issuer.token()
        asked = [Background(self.ask, "/oidc/caller", token) for _ in range(4)]
        self.assertTrue(self.issuer.held.wait(TIMEOUT))
        self.wait_until(self.connections, 0)
        # other requests don't wait
        self.assertEqual(self.ask("/oidc/open").status, 200)
        self.assertEqual(self.ask("/oidc/caller").status, 401)
        self.assertEqual(self.ask("/oidc/caller", "a.b.c").status, 401)
        self.assertEqual(self.connections(), 0)
        self.issuer.open.set()
        self.assertEqual([request.result().status for request in asked], [200] * 4)
        self.assertEqual(self.issuer.requests["/keys"], 1)

    def test_first_calls_at_the_same_time_make_one_partner(self):
        """All of them get the keys at the same time, when there is no partner yet."""
        self.issuer.open.clear()
        token = self.issuer.token(name="New")
        asked = [Background(self.ask, "/oidc/caller", token) for _ in range(8)]
        self.assertTrue(self.issuer.held.wait(TIMEOUT))
        self.issuer.open.set()
        responses = [request.result() for request in asked]
        self.assertEqual({response.status for response in responses}, {200})
        ids = {response.json()["partner_id"] for response in responses}
        self.assertEqual(self.partners(), [(ids.pop(),)])
        self.assertFalse(ids)
        found = self.query("SELECT count(*) FROM res_partner WHERE name = 'New'")
        self.assertEqual(found, [(1,)])

    def test_the_second_of_two_first_calls_is_replayed(self):
        """It has read the database before the first one commits."""
        (partner_id,) = self.first.rpc("res.partner", "create", [{"name": "First"}])
        self.ask("/oidc/caller", self.issuer.token())  # loads the keys
        connection = self.connect()
        connection.autocommit = False
        with connection.cursor() as cr:
            cr.execute(
                "INSERT INTO fastapi_oidc_caller (provider_id, subject, partner_id) "
                "VALUES (%s, 'late', %s)",
                (self.provider_id, partner_id),
            )
        token = self.issuer.token(sub="late", name="Too late")
        asked = Background(self.ask, "/oidc/caller", token)
        self.wait_until(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'",
            [(1,)],
        )
        connection.commit()
        response = asked.result()
        self.assertEqual(response.status, 200, response.body)
        self.assertEqual(response.json()["partner_id"], partner_id)
        found = self.query("SELECT count(*) FROM res_partner WHERE name = 'Too late'")
        self.assertEqual(found, [(0,)])
        self.assertNotIn("bad query", "".join(self.first.log))
