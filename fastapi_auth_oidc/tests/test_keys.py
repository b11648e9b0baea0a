# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import OKPAlgorithm, RSAAlgorithm

from odoo.tests import BaseCase, tagged

from ..oidc.keys import InvalidKey, read_key
from .issuer import SigningKey


@tagged("post_install", "-at_install")
class TestKeys(BaseCase):
    def assert_invalid(self, jwk, reason):
        with self.assertRaisesRegex(InvalidKey, reason):
            read_key(jwk)

    def test_algorithms_of_a_key(self):
        for algorithm, kid, values, expected in (
            ("RS256", "k1", {}, {"RS256"}),
            ("RS256", "k1", {"alg": "PS512"}, {"PS512"}),
            (
                "RS256",
                None,
                {"alg": None, "use": None},
                {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"},
            ),
            ("ES256", "k1", {"alg": None}, {"ES256"}),
            ("ES512", "k1", {}, {"ES512"}),
            ("EdDSA", "k1", {"key_ops": ["verify"]}, {"EdDSA"}),
        ):
            with self.subTest(algorithm, **values):
                key = read_key(SigningKey("k1", algorithm).jwk(kid=kid, **values))
                self.assertEqual((key.kid, key.algorithms), (kid, expected))
                self.assertNotIn("public_key", repr(key))

    def test_invalid_keys(self):
        jwk = SigningKey().jwk()
        curve = SigningKey("k1", "ES256").jwk()
        private = RSAAlgorithm.to_jwk(SigningKey().private_key, as_dict=True)
        private["key_ops"].append("verify")
        okp = OKPAlgorithm.to_jwk(SigningKey("k1", "EdDSA").private_key, as_dict=True)
        short = rsa.generate_private_key(65537, 1024).public_key()
        for wrong, reason in (
            (None, "not an object"),
            ("RSA", "not an object"),
            ({}, "type"),
            ({**jwk, "kid": 1}, "kid"),
            ({**jwk, "use": "enc"}, "not for signatures"),
            ({**jwk, "key_ops": ["encrypt"]}, "not for signatures"),
            ({**jwk, "key_ops": None}, "key_ops"),
            ({**jwk, "key_ops": 5}, "key_ops"),
            ({**jwk, "key_ops": "verify"}, "key_ops"),
            ({**jwk, "alg": "RSA-OAEP"}, "algorithm"),
            ({**jwk, "alg": "HS256"}, "algorithm"),
            ({**jwk, "alg": "none"}, "algorithm"),
            ({**jwk, "kty": "oct", "k": "c2VjcmV0"}, "type"),
            ({**jwk, "kty": ["RSA"]}, "type"),
            ({**jwk, "n": "!"}, "well-formed|bits"),
            ({**jwk, "n": 5}, "well-formed"),
            ({"kty": "RSA"}, "well-formed"),
            ({**curve, "crv": []}, "type"),
            ({**curve, "crv": {}}, "type"),
            ({**curve, "alg": "ES384"}, "algorithm"),
            ({**curve, "alg": None, "crv": "secp256k1"}, "type"),
            ({**curve, "x": curve["y"]}, "well-formed"),
            (private, "private"),
            (okp, "private"),
            (RSAAlgorithm.to_jwk(short, as_dict=True), "1024 bits"),
        ):
            with self.subTest(reason):
                self.assert_invalid(wrong, reason)
