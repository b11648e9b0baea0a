# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json
from unittest.mock import patch

from psycopg2 import IntegrityError
from psycopg2.errors import ReadOnlySqlTransaction

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.fastapi.auth import Caller

from ..models.fastapi_oidc_provider import FastapiOidcProvider
from ..oidc.documents import Issuer
from .issuer import SigningKey, TestIssuer


@tagged("post_install", "-at_install")
class TestProvider(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider = cls.env["fastapi.oidc.provider"].create(
            {
                "name": "Login",
                "issuer": "https://login.example.com",
                "audience": "api",
            }
        )
        cls.user = new_test_user(cls.env, "ann@example.com", name="Ann")
        cls.partner = cls.env["res.partner"].create({"name": "Ben", "ref": "B1"})
        cls.manager = new_test_user(
            cls.env, "manager", groups="fastapi.group_fastapi_manager"
        )

    def get_caller(self, **claims):
        return self.provider._get_allowed_caller({"sub": "s1", **claims})

    # constraints

    def test_invalid_values(self):
        for vals, reason in (
            ({"issuer": "http://login.example.com"}, "must begin with https"),
            ({"issuer": "https://login.example.com?a=b"}, "no query"),
            ({"issuer": "login"}, "not a URL"),
            ({"key_source": "url"}, "URL of the keys is missing"),
            ({"key_source": "url", "jwks_url": "http://x.example"}, "https"),
            ({"algorithms": "RS256 HS256 none"}, "HS256, none can't be used"),
            ({"leeway": -1}, "0 to 300 seconds"),
            ({"leeway": 301}, "0 to 300 seconds"),
            ({"required_claims": "hd=example.com\n=x"}, "=x is neither"),
            ({"required_claims": "two words"}, "two words is neither"),
            ({"client_scopes": 'openid "x"'}, '"x" can\'t be a scope'),
            ({"client_scopes": "späth"}, "späth can't be a scope"),
            ({"match_claim": "email"}, "belong together"),
            ({"match_field": "email"}, "belong together"),
            ({"match_claim": "email", "match_field": "no_such"}, "no_such is not"),
            ({"match_claim": "email", "match_field": "password"}, "password is not"),
            ({"match_claim": "email", "match_field": "partner_id"}, "partner_id is"),
        ):
            with self.subTest(vals):
                with self.assertRaises(ValidationError) as caught:
                    self.provider.write(vals)
                self.assertIn(reason, str(caught.exception))

    def test_values_are_cleaned(self):
        self.provider.write({"issuer": " https://x.example/ ", "audience": " a \t b\n"})
        self.assertEqual(self.provider.issuer, "https://x.example/")
        self.assertEqual(self.provider.audience, "a b")

    def test_rules(self):
        self.provider.write(
            {
                "audience": "a b",
                "token_type": "access",
                "required_claims": "hd = example.com\n\nacr\nn=a=b",
                "scope_claim": "scope roles",
            }
        )
        provider = self.provider._get_oidc_provider()
        rules = provider.rules
        self.assertEqual(rules.issuer, "https://login.example.com")
        self.assertEqual(rules.audiences, ("a", "b"))
        self.assertEqual(rules.algorithms, ("RS256", "PS256", "ES256", "EdDSA"))
        self.assertEqual(rules.leeway, 30)
        self.assertTrue(rules.access_tokens_only)
        self.assertEqual(
            rules.required_claims,
            (("hd", "example.com"), ("acr", None), ("n", "a=b")),
        )
        self.assertEqual(provider.scope_claims, ("scope", "roles"))

    def test_issuer(self):
        name = self.provider.issuer
        self.provider.jwks_url = "https://keys.example.com"
        self.assertEqual(self.provider._get_issuer(), Issuer(name))
        self.provider.write({"key_source": "url", "allow_private_network": True})
        self.assertEqual(
            self.provider._get_issuer(), Issuer(name, "https://keys.example.com", True)
        )

    def test_an_archived_provider_has_no_tokens(self):
        self.provider.active = False
        self.assertIsNone(self.provider._get_oidc_provider())
        self.assertIsNone(self.provider.browse()._get_oidc_provider())

    # access

    def test_a_private_network_is_allowed_by_system_administrators(self):
        provider = self.provider.with_user(self.manager)
        with self.assertRaises(AccessError):
            provider.allow_private_network = True
        self.provider.allow_private_network = True
        provider.write({"name": "Other", "leeway": 10})
        self.assertTrue(self.provider.allow_private_network)
        provider.issuer = "https://10.0.0.1"
        self.assertFalse(self.provider.allow_private_network)

    def test_tokens_of_administrators(self):
        self.provider.write({"match_claim": "upn", "match_field": "login"})
        for group in ("base.group_system", "base.group_erp_manager"):
            with self.subTest(group):
                self.user.group_ids = self.env.ref(group) + self.env.ref(
                    "base.group_user"
                )
                self.provider.allow_administrators = False
                self.assertIsNone(self.get_caller(upn=self.user.login))
                self.provider.allow_administrators = True
                found = self.get_caller(upn=self.user.login)
                self.assertEqual(found.user_id, self.user.id)

    def test_administrators_are_allowed_by_system_administrators(self):
        provider = self.provider.with_user(self.manager)
        with self.assertRaises(AccessError):
            provider.allow_administrators = True
        self.provider.allow_administrators = True
        provider.write({"name": "Other", "active": True})
        self.assertTrue(self.provider.allow_administrators)
        for vals in (
            {"issuer": "https://login.example.org"},
            {"audience": "api other"},
            {"match_claim": "upn", "match_field": "login"},
            {"required_claims": "a"},
            {"caller_ids": [(0, 0, {"subject": "s", "partner_id": self.partner.id})]},
        ):
            with self.subTest(vals):
                self.provider.allow_administrators = True
                provider.write(vals)
                self.assertFalse(self.provider.allow_administrators)
        for act in (
            lambda: provider.caller_ids.write({"subject": "t"}),
            lambda: provider.caller_ids.copy({"subject": "u"}),
        ):
            self.provider.allow_administrators = True
            act()
            self.assertFalse(self.provider.allow_administrators)
        self.provider.allow_administrators = True
        self.provider.write({"audience": "api"})
        self.assertTrue(self.provider.allow_administrators)

    def test_access_rights(self):
        reader = new_test_user(self.env, "reader", groups="fastapi.group_fastapi_user")
        provider = self.provider.with_user(reader)
        self.assertEqual(provider.read()[0]["name"], "Login")
        for act in (
            provider.action_test,
            lambda: provider.write({"name": "x"}),
            lambda: provider.caller_ids.search([]),
        ):
            with self.assertRaises(AccessError):
                act()
        with self.assertRaises(AccessError):
            self.provider.with_user(self.user).read(["name"])
        managed = self.provider.with_user(self.manager)
        managed.caller_ids = [
            (0, 0, {"subject": "s", "partner_id": self.partner.id}),
        ]
        self.assertTrue(managed.copy().id)

    # the button Test

    def test_button_shows_the_keys(self):
        server = TestIssuer(SigningKey("a"), SigningKey("b", "ES256"))
        self.addCleanup(server.close)
        server.headers = {"Cache-Control": "max-age=600"}
        self.provider.write(
            {
                "issuer": server.url,
                "allow_private_network": True,
                "create_partners": True,
            }
        )
        params = self.provider.with_user(self.manager).action_test()["params"]
        self.assertEqual(params["type"], "success")
        self.assertEqual(
            params["message"],
            "Keys of the provider: a (RS256); b (ES256). They are loaded again after "
            "10 minutes.",
        )
        jwk = server.keys[0].jwk()
        entries = [{**jwk, "use": "enc"}, jwk]
        server.instead["/keys"] = json.dumps({"keys": entries}).encode()
        self.provider.algorithms = "ES256"
        message = self.provider.action_test()["params"]["message"]
        self.assertIn("Others are not used: key 1: not for signatures.", message)
        self.assertIn("None of them is for an algorithm that is chosen", message)
        self.assertNotIn("No token has a caller", message)
        self.provider.create_partners = False
        message = self.provider.action_test()["params"]["message"]
        self.assertIn("No token has a caller yet", message)

    def test_button_shows_an_error(self):
        server = TestIssuer()
        self.addCleanup(server.close)
        self.provider.write({"issuer": server.url, "allow_private_network": True})
        server.instead["/keys"] = 500, {}
        params = self.provider.action_test()["params"]
        self.assertEqual(params["type"], "danger")
        self.assertEqual(params["message"], f"{server.jwks_url} returns 500.")

    def test_form(self):
        with Form(self.env["fastapi.oidc.provider"]) as form:
            form.name = "Other"
            form.issuer = "https://other.example.com"
            form.audience = "api"
            form.match_claim = "email"
            form.match_field = "login"
            with form.caller_ids.new() as caller:
                caller.subject = "s9"
                caller.user_id = self.user
        self.assertEqual(form.record.caller_ids.partner_id, self.user.partner_id)

    # callers

    def test_an_unknown_subject(self):
        self.assertIsNone(self.get_caller())
        self.assertIsNone(self.provider._get_oidc_caller({}))

    def test_a_known_subject(self):
        known = self.env["fastapi.oidc.caller"].create(
            {
                "provider_id": self.provider.id,
                "subject": "s1",
                "partner_id": self.partner.id,
            }
        )
        self.assertEqual(self.get_caller(), Caller("oidc", self.partner.id))
        self.assertIsNone(self.get_caller(sub="S1"))
        self.assertIsNone(self.get_caller(sub="s1%"))
        self.assertIsNone(self.get_caller(sub="s1 "))
        other = self.provider.copy()
        self.assertIsNone(other._get_oidc_caller({"sub": "s1"}))
        known.write({"user_id": self.user.id, "partner_id": self.user.partner_id.id})
        expected = Caller("oidc", self.user.partner_id.id, self.user.id)
        self.assertEqual(self.get_caller(), expected)
        self.user.active = False
        self.assertIsNone(self.get_caller())
        known.write({"user_id": False, "partner_id": self.partner.id})
        self.partner.active = False
        self.assertIsNone(self.get_caller())

    def test_constraints_of_callers(self):
        vals = {
            "provider_id": self.provider.id,
            "subject": "s1",
            "partner_id": self.partner.id,
        }
        callers = self.env["fastapi.oidc.caller"]
        with self.assertRaises(ValidationError) as caught:
            callers.create({**vals, "user_id": self.user.id})
        self.assertIn("not that of the user Ann", str(caught.exception))
        callers.create(vals)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            callers.create(vals)

    def test_user_by_a_field(self):
        self.provider.write({"match_claim": "upn", "match_field": "login"})
        expected = Caller("oidc", self.user.partner_id.id, self.user.id)
        self.assertEqual(self.get_caller(upn="ann@example.com"), expected)
        name = "ann@example.com"
        others = f"{name} ", f" {name}", f"{name}\xa0", f"\u2003{name}", f"{name}\n"
        for upn in (*others, "ann", "%", "Ann@example.com", "", None, 1, [name]):
            with self.subTest(upn):
                self.assertIsNone(self.get_caller(upn=upn))
        self.user.active = False
        self.assertIsNone(self.get_caller(upn="ann@example.com"))

    def test_user_by_a_verified_email(self):
        self.provider.write({"match_claim": "email", "match_field": "login"})
        expected = Caller("oidc", self.user.partner_id.id, self.user.id)
        for email, verified, found in (
            ("ann@example.com", True, True),
            ("ANN@Example.com", True, True),
            ("ann@example.com", "true", True),
            ("ann@example.com", False, False),
            ("ann@example.com", "false", False),
            ("ann@example.com", 1, False),
            ("ann@example.com", None, False),
            ("%@example.com", True, False),
            (" ann@example.com", True, False),
            ("ann_example.com", True, False),
        ):
            with self.subTest(email, verified=verified):
                caller = self.get_caller(email=email, email_verified=verified)
                self.assertEqual(caller, expected if found else None)

    def test_partner_by_a_field(self):
        self.provider.write(
            {
                "match_claim": "customer",
                "match_model": "res.partner",
                "match_field": "ref",
                "create_partners": True,
            }
        )
        expected = Caller("oidc", self.partner.id)
        self.assertEqual(self.get_caller(customer="B1"), expected)
        twin = self.partner.copy({"ref": "B1"})
        self.assertIsNone(self.get_caller(customer="B1"))
        twin.active = False
        self.assertEqual(self.get_caller(customer="B1"), expected)
        # no new partner replaces an archived one
        self.partner.active = False
        self.assertIsNone(self.get_caller(customer="B1"))
        self.assertFalse(self.provider.caller_ids)

    def test_a_partner_is_not_created_on_a_replica(self):
        self.provider.create_partners = True
        with (
            patch.object(type(self.env.cr), "readonly", True),
            self.assertRaises(ReadOnlySqlTransaction),  # Odoo replays the request
        ):
            self.get_caller(name="Cleo")
        self.assertFalse(self.provider.caller_ids)

    def test_a_partner_is_created_once(self):
        self.provider.create_partners = True
        claims = {"name": "Cleo", "email": "cleo@example.com", "email_verified": True}
        caller = self.get_caller(**claims)
        partner = self.env["res.partner"].browse(caller.partner_id)
        self.assertEqual((partner.name, partner.email), ("Cleo", "cleo@example.com"))
        self.assertFalse(partner.user_ids)
        self.assertIsNone(caller.user_id)
        self.assertEqual(self.provider.caller_ids.subject, "s1")
        self.assertTrue(self.provider.caller_ids.create_date)
        self.assertEqual(self.get_caller(name="Other"), caller)
        partner.active = False
        self.assertIsNone(self.get_caller(**claims))

    def test_claims_of_a_new_partner(self):
        self.provider.create_partners = True
        for number, (claims, name) in enumerate(
            (
                ({"preferred_username": "dan"}, "dan"),
                ({"name": 5, "email": "dan@example.com"}, "dan@example.com"),
                ({"name": "a\0b"}, "new 2"),
                ({"name": "x" * 5000}, "new 3"),
            )
        ):
            caller = self.get_caller(sub=f"new {number}", **claims)
            partner = self.env["res.partner"].browse(caller.partner_id)
            self.assertEqual((partner.name, partner.email), (name, False))

    def test_invalid_subjects(self):
        self.provider.create_partners = True
        for subject in (None, "", " ", "a\0b", "x" * 256, 1, ["s1"]):
            with self.subTest(str(subject)[:20]):
                self.assertIsNone(self.get_caller(sub=subject))

    def test_override(self):
        original = FastapiOidcProvider._get_oidc_caller

        def by_group(provider, claims):
            if "staff" in claims.get("groups", ()):
                return Caller("oidc", self.partner.id)
            return original(provider, claims)

        self.patch(type(self.provider), "_get_oidc_caller", by_group)
        self.assertEqual(
            self.get_caller(groups=["staff"]), Caller("oidc", self.partner.id)
        )
        self.assertIsNone(self.get_caller(groups=["x"]))

    def test_override_that_finds_an_administrator(self):
        admin = self.env.ref("base.user_admin")
        caller = Caller("oidc", admin.partner_id.id, admin.id)
        self.patch(type(self.provider), "_get_oidc_caller", lambda *args: caller)
        self.assertIsNone(self.get_caller())
        self.provider.allow_administrators = True
        self.assertEqual(self.get_caller(), caller)
