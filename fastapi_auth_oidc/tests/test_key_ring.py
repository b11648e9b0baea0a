# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import gc
import threading

from odoo.tests import BaseCase, tagged
from odoo.tools import mute_logger

from ..oidc import key_ring
from ..oidc.documents import DocumentError, Issuer, KeySet
from ..oidc.key_ring import KeyRing, KeysNotLoaded, get_key_ring
from ..oidc.keys import VerificationKey

TIMEOUT = 20  # seconds
HOUR = 60 * 60
LOGGER = "odoo.addons.fastapi_auth_oidc.oidc.key_ring"


@tagged("post_install", "-at_install")
class TestKeyRing(BaseCase):
    def setUp(self):
        super().setUp()
        self.now = 1000.0
        self.kids = ["a"]
        self.loads = 0
        self.open = threading.Event()
        self.open.set()
        self.addCleanup(self.open.set)
        self.error = None
        self.ring = KeyRing(self.load, "the issuer", clock=lambda: self.now)

    def load(self):
        self.loads += 1
        kids, error = self.kids, self.error
        self.assertTrue(self.open.wait(TIMEOUT))
        if error:
            raise error
        keys = [VerificationKey(kid, frozenset(["RS256"]), None) for kid in kids]
        return KeySet(tuple(keys), HOUR)

    def get(self, kid="a"):
        """Return the ids of the keys that a request finds after it has waited."""
        attempt = self.ring.get_pending(kid)
        if attempt is not None:
            self.assertTrue(attempt.wait(TIMEOUT))
        return [key.kid for key in self.ring.find(kid)]

    def wait_for_attempt(self):
        attempt = self.ring._attempt
        if attempt is not None:
            self.assertTrue(attempt.wait(TIMEOUT))

    def go_down(self, error=None):
        self.error = error or DocumentError("down")
        log = mute_logger(LOGGER)
        log.__enter__()
        self.addCleanup(log.__exit__)

    def test_loaded_once(self):
        for _ in range(3):
            self.assertEqual(self.get(), ["a"])
        self.assertEqual(self.get(None), ["a"])
        self.now += HOUR * 0.7
        self.assertEqual(self.get(), ["a"])
        self.assertEqual(self.loads, 1)

    def test_requests_wait_for_the_same_attempt(self):
        self.open.clear()
        attempts = {self.ring.get_pending(kid) for kid in ("a", "a", "b", None)}
        self.assertEqual(len(attempts), 1)
        self.open.set()
        self.assertTrue(attempts.pop().wait(TIMEOUT))
        self.assertEqual(self.loads, 1)

    def test_loaded_again_early_without_waiting(self):
        self.get()
        self.kids = ["a", "b"]
        self.now += HOUR * 0.9
        self.open.clear()
        self.assertIsNone(self.ring.get_pending("a"))
        self.assertEqual([key.kid for key in self.ring.find("a")], ["a"])
        attempt = self.ring._attempt
        self.open.set()
        self.assertTrue(attempt.wait(TIMEOUT))
        self.assertEqual(self.get("b"), ["b"])
        self.assertEqual(self.loads, 2)

    def test_expired_keys_are_loaded_first(self):
        self.get()
        self.now += HOUR * 5
        self.kids = ["b"]
        self.assertEqual(self.get("a"), [])  # the issuer has withdrawn it

    def test_unknown_keys_are_loaded_once_a_minute(self):
        self.get()
        self.kids = ["b"]
        self.assertEqual(self.get("b"), [])
        self.assertEqual(self.loads, 1)
        self.now += key_ring.MIN_INTERVAL + 1
        self.assertEqual(self.get("b"), ["b"])
        self.assertEqual(self.get("a"), [])
        for number in range(20):
            self.assertEqual(self.get(f"unknown {number}"), [])
        self.assertEqual(self.loads, 2)
        self.now += key_ring.MIN_INTERVAL + 1
        self.assertEqual(self.get("unknown"), [])
        self.assertEqual(self.loads, 3)

    def test_a_request_with_a_known_key_does_not_wait(self):
        self.get()
        self.now += key_ring.MIN_INTERVAL + 1
        self.open.clear()
        self.assertIsNotNone(self.ring.get_pending("unknown"))
        self.assertIsNone(self.ring.get_pending("a"))
        self.assertEqual([key.kid for key in self.ring.find("a")], ["a"])

    def test_old_keys_while_the_issuer_is_down(self):
        self.get()
        self.go_down()
        self.now += HOUR + 1
        self.assertEqual(self.get(), ["a"])  # waits once
        for _ in range(3):
            self.now += 2 * HOUR
            self.assertIsNone(self.ring.get_pending("a"))
            self.wait_for_attempt()
            self.assertEqual([key.kid for key in self.ring.find("a")], ["a"])
        self.assertEqual(self.loads, 5)
        self.error, self.kids = None, ["a", "b"]
        self.now += 2 * HOUR
        self.assertEqual(self.get("b"), ["b"])

    def test_old_keys_are_dropped(self):
        self.get()
        self.go_down()
        self.now += HOUR + key_ring.MAX_OVERTIME - 1
        self.assertEqual(self.get(), ["a"])
        self.now += 2
        with self.assertRaises(KeysNotLoaded):
            self.ring.find("a")
        with self.assertRaises(KeysNotLoaded):
            self.get()

    def test_no_keys(self):
        self.go_down()
        with self.assertRaises(KeysNotLoaded):
            self.get()
        self.assertIsNone(self.ring.get_pending("a"))
        self.assertEqual(self.loads, 1)
        self.error = None
        self.now += key_ring.RETRY_INTERVAL + 1
        self.assertEqual(self.get(), ["a"])

    def test_unexpected_error(self):
        self.error = ZeroDivisionError()
        with self.assertLogs(LOGGER, "ERROR"), self.assertRaises(KeysNotLoaded):
            self.get()

    def test_the_log_says_why(self):
        self.error = DocumentError("https://x is not JSON.")
        with self.assertLogs(LOGGER, "WARNING") as log:
            self.assertRaises(KeysNotLoaded, self.get)
        self.assertIn(
            "The keys of the issuer can't be loaded: https://x", log.output[0]
        )

    def test_an_attempt_that_hangs(self):
        self.open.clear()
        first = self.ring.get_pending("a")
        self.now += key_ring.HUNG_AFTER - 1
        self.assertIs(self.ring.get_pending("a"), first)
        self.now += 2
        second = self.ring.get_pending("a")
        self.assertIsNot(second, first)
        self.open.set()
        self.assertTrue(first.wait(TIMEOUT))
        self.assertTrue(second.wait(TIMEOUT))
        self.assertEqual(self.get(), ["a"])
        self.assertEqual(self.loads, 2)

    def test_one_ring_for_an_issuer(self):
        ring = get_key_ring(Issuer("https://a.example"))
        self.assertIs(get_key_ring(Issuer("https://a.example")), ring)
        self.assertIsNot(get_key_ring(Issuer("https://b.example")), ring)
        for other in (
            Issuer("https://a.example", "https://a.example/keys"),
            Issuer("https://a.example", allow_private=True),
        ):
            self.assertIsNot(get_key_ring(other), ring)
        del ring
        gc.collect()
        self.assertNotIn(Issuer("https://a.example"), key_ring._rings)
