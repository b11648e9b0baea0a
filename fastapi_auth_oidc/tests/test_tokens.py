# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import hashlib
import hmac
import time

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from odoo.tests import BaseCase, tagged

from ..oidc.keys import ALGORITHMS, read_key
from ..oidc.tokens import MAX_TOKEN_LENGTH, InvalidToken, TokenRules
from .issuer import SigningKey, encode_part, sign_parts

ISSUER = "https://login.example.com"
HEADER = {"alg": "RS256", "kid": "k1"}
EXPIRED = "The token has expired."
NOT_YET = "The token is not valid yet."
OTHER = "The token is not valid."


@tagged("post_install", "-at_install")
class TestTokens(BaseCase):
    def setUp(self):
        super().setUp()
        self.key = SigningKey()
        self.rules = self.make_rules()
        self.now = int(time.time())

    def make_rules(self, **values):
        values = {"issuer": ISSUER, "audiences": ("api",), **values}
        return TokenRules(**{"algorithms": ALGORITHMS, **values})

    def claims(self, **values):
        claims = {"iss": ISSUER, "aud": "api", "sub": "s", "exp": self.now + 60}
        claims.update(values)
        return {name: value for name, value in claims.items() if value is not None}

    def verify(self, encoded, rules=None, keys=None):
        rules = rules or self.rules
        keys = [read_key(jwk) for jwk in keys or [self.key.jwk()]]
        return rules.verify(rules.parse(encoded), keys)

    def assert_invalid(self, encoded, reason, detail=OTHER, **kwargs):
        with self.assertRaisesRegex(InvalidToken, reason) as caught:
            self.verify(encoded, **kwargs)
        self.assertEqual(caught.exception.detail, detail)

    def test_all_algorithms(self):
        for algorithm in ALGORITHMS:
            with self.subTest(algorithm):
                key = SigningKey("k1", algorithm)
                token = key.sign(self.claims(name="Ann"))
                self.assertEqual(self.verify(token, keys=[key.jwk()])["name"], "Ann")
                rules = self.make_rules(algorithms=tuple({*ALGORITHMS} - {algorithm}))
                self.assert_invalid(token, "not chosen", rules=rules)

    def test_algorithm_of_the_key(self):
        """The sender must not choose it in the header."""
        token = SigningKey("k1", "PS256")
        token.private_key = self.key.private_key
        encoded = token.sign(self.claims())
        self.assert_invalid(encoded, "none of the issuer's keys")
        # a key without an algorithm is for all algorithms of its type
        self.assertTrue(self.verify(encoded, keys=[self.key.jwk(alg=None)]))

    def test_no_signature(self):
        for algorithm in ("none", "None", "nOnE", "", None, 1, ["RS256"]):
            with self.subTest(algorithm):
                header = encode_part({"alg": algorithm, "kid": "k1"})
                for signature in ("", "AA"):
                    token = f"{header}.{encode_part(self.claims())}.{signature}"
                    self.assert_invalid(token, "not chosen")

    def test_public_key_as_a_shared_secret(self):
        formats = (
            (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            (Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
            (Encoding.PEM, PublicFormat.PKCS1),
        )
        for algorithm in ("HS256", "RS256"):
            for encoding, public_format in formats:
                secret = self.key.public_key.public_bytes(encoding, public_format)
                header = encode_part({**HEADER, "alg": algorithm})
                signed = f"{header}.{encode_part(self.claims())}"
                digest = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
                with self.subTest(algorithm, encoding=encoding, format=public_format):
                    self.assert_invalid(
                        f"{signed}.{encode_part(digest)}",
                        "not chosen|none of the issuer's keys",
                    )

    def test_keys_in_the_header_are_not_used(self):
        other = SigningKey("other")
        for name, value in (
            ("jwk", other.jwk()),
            ("jku", "https://evil.example/keys"),
            ("x5u", "https://evil.example/cert"),
            ("x5c", ["AAAA"]),
        ):
            with self.subTest(name):
                token = other.sign(self.claims(), {"kid": "k1", name: value})
                self.assert_invalid(token, "none of the issuer's keys")

    def test_another_signature(self):
        token = self.key.sign(self.claims())
        head, _dot, signature = token.rpartition(".")
        self.assert_invalid(SigningKey("x").sign(self.claims()), "none of the issuer's")
        self.assert_invalid(f"{head}.{signature[:-8]}AAAAAAAA", "none of the issuer's")
        self.assert_invalid(f"{head}.AAAA", "none of the issuer's keys")
        other_claims = encode_part(self.claims(sub="admin"))
        header = head.partition(".")[0]
        self.assert_invalid(f"{header}.{other_claims}.{signature}", "none of the")
        self.assert_invalid(token, "none of the", keys=[SigningKey("x").jwk()])

    def test_times(self):
        for claims, reason, detail in (
            ({"exp": self.now - 20}, None, None),  # within the leeway
            ({"exp": self.now - 40}, "expired", EXPIRED),
            ({"exp": None}, "exp", OTHER),
            ({"exp": "soon"}, "exp", OTHER),
            ({"exp": []}, "exp", OTHER),
            ({"exp": "9" * 5000}, "exp", OTHER),
            ({"nbf": self.now + 20}, None, None),
            ({"nbf": self.now + 40}, "not valid yet", NOT_YET),
            ({"nbf": "later"}, "nbf", OTHER),
            ({"iat": self.now + 20}, None, None),
            ({"iat": self.now + 40}, "not valid yet", NOT_YET),
            ({"iat": {}}, "iat", OTHER),
        ):
            with self.subTest(claims):
                token = self.key.sign(self.claims(**claims))
                if reason is None:
                    self.assertTrue(self.verify(token))
                else:
                    self.assert_invalid(token, reason, detail)

    def test_no_leeway(self):
        token = self.key.sign(self.claims(exp=self.now - 5))
        self.assert_invalid(token, "expired", EXPIRED, rules=self.make_rules(leeway=0))

    def test_issuer_and_audience(self):
        for claims, reason in (
            ({"iss": f"{ISSUER}/"}, "another issuer"),
            ({"iss": None}, "another issuer"),
            ({"iss": [ISSUER]}, "another issuer"),
            ({"iss": ISSUER.upper()}, "another issuer"),
            ({"aud": "other"}, "Audience"),
            ({"aud": "ap"}, "Audience"),
            ({"aud": ["x", "y"]}, "Audience"),
            ({"aud": []}, "[Aa]ud"),
            ({"aud": {"api": 1}}, "[Aa]ud"),
            ({"aud": [["api"]]}, "[Aa]ud"),
            ({"aud": None}, "[Aa]ud"),
            ({"sub": 1}, "[Ss]ub"),
        ):
            with self.subTest(claims):
                # PyJWT refuses to sign such claims
                token = sign_parts(self.key, HEADER, self.claims(**claims))
                self.assert_invalid(token, reason)
        self.assertTrue(self.verify(self.key.sign(self.claims(aud=["x", "api"]))))
        rules = self.make_rules(audiences=("api", "other"))
        self.assertTrue(self.verify(self.key.sign(self.claims(aud="other")), rules))

    def test_headers_that_must_be_understood(self):
        for extra in (
            {"crit": ["exp"], "exp": 1},
            {"crit": ["b64"], "b64": True},
            {"crit": ["b64"], "b64": False},
            {"crit": []},
            {"b64": False},
        ):
            with self.subTest(extra):
                token = sign_parts(self.key, {**HEADER, **extra}, self.claims())
                self.assert_invalid(token, "crit")

    def test_types(self):
        strict = self.make_rules(access_tokens_only=True)
        for token_type, plain, access in (
            (None, True, False),
            ("JWT", True, False),
            ("jwt", True, False),
            ("at+jwt", True, True),
            ("AT+JWT", True, True),
            ("application/at+jwt", True, True),
            ("logout+jwt", False, False),
            ("dpop+jwt", False, False),
            ("secevent+jwt", False, False),
            (1, False, False),
        ):
            header = (
                dict(HEADER) if token_type is None else {**HEADER, "typ": token_type}
            )
            token = sign_parts(self.key, header, self.claims())
            for rules, valid in ((self.rules, plain), (strict, access)):
                with self.subTest(token_type, strict=rules is strict):
                    if valid:
                        self.assertTrue(self.verify(token, rules))
                    else:
                        self.assert_invalid(token, "typ", rules=rules)

    def test_a_token_bound_to_a_key_is_refused(self):
        token = self.key.sign(self.claims(cnf={"jkt": "x"}))
        self.assert_invalid(token, "cnf")

    def test_duplicate_names(self):
        claims = b'{"iss": "%s", "aud": "api", "sub": "a", "exp": %d, "sub": "b"}'
        content = claims % (ISSUER.encode(), self.now + 60)
        self.assert_invalid(sign_parts(self.key, HEADER, content), "a name twice")
        header = b'{"alg": "none", "kid": "k1", "alg": "RS256"}'
        token = sign_parts(self.key, header, self.claims())
        self.assert_invalid(token, "a name twice")
        nested = content[:-1].replace(b', "sub": "b"', b', "x": {"y": 1, "y": 2}}')
        self.assert_invalid(sign_parts(self.key, HEADER, nested), "a name twice")

    def test_garbage(self):
        header, claims = encode_part(HEADER), encode_part(self.claims())
        for token in (
            "",
            "..",
            "a.b",
            "a.b.c.d",
            "a.b.c",
            f"{header}..",
            f".{claims}.AA",
            f"{header}.{claims}",
            f"{header}=.{claims}.AA",
            f"{header} .{claims}.AA",
            f"{header}.{claims[:-3]}.AA",
            f"{header}.{encode_part([1])}.AA",
            f"{header}.{encode_part(b'null')}.AA",
            f"{encode_part(b'RS256')}.{claims}.AA",
            f"{encode_part(b'[' * 9000)}.{claims}.AA",
            f"{header}.{encode_part(b'{' + b' ' * 9000)}.AA",
            f"{header}.{encode_part(b'{' + bytes([0xFF]) + b'}')}.AA",
            f"{header}.{encode_part(b'{%s: NaN}' % b'1')}.AA",
            f"{encode_part({**HEADER, 'kid': 1})}.{claims}.AA",
            f"{encode_part({**HEADER, 'kid': ['k1']})}.{claims}.AA",
            f"{header}.{claims}.!!!!",
            f"{header}.{claims}.Ä",
            f"{header}.{claims}.\x00",
        ):
            with self.subTest(token[:100]), self.assertRaises(InvalidToken):
                self.verify(token)
        for claims in ({"sub": "\ud800"}, {"scope": ["a\udfff"]}, {"\ud800": {"a": 1}}):
            token = sign_parts(self.key, HEADER, self.claims(**claims))
            self.assert_invalid(token, "not JSON")
        self.verify(sign_parts(self.key, HEADER, self.claims(sub="\U0001f600")))
        nan = b'{"iss": "%s", "aud": "api", "exp": NaN}' % ISSUER.encode()
        self.assert_invalid(sign_parts(self.key, HEADER, nan), "not JSON")

    def test_a_long_token(self):
        token = self.key.sign(self.claims(pad="x" * MAX_TOKEN_LENGTH))
        self.assert_invalid(token, "longer")

    def test_required_claims(self):
        rules = self.make_rules(
            required_claims=(("hd", "example.com"), ("roles", "api"), ("acr", None))
        )
        valid = {"hd": "example.com", "roles": ["x", "api"], "acr": 0}
        self.assertTrue(self.verify(self.key.sign(self.claims(**valid)), rules))
        for other in (
            {"hd": "other.example.com"},
            {"hd": None},
            {"roles": ["apis"]},
            {"roles": "x"},
            {"roles": []},
            {"acr": None},
        ):
            with self.subTest(other):
                token = self.key.sign(self.claims(**{**valid, **other}))
                self.assert_invalid(token, "as required", rules=rules)
        flag = self.make_rules(required_claims=(("email_verified", "true"),))
        self.assertTrue(
            self.verify(self.key.sign(self.claims(email_verified=True)), flag)
        )

    def test_all_keys_are_tried_for_a_token_without_an_id(self):
        token = sign_parts(self.key, {"alg": "RS256"}, self.claims())
        keys = [SigningKey("x").jwk(), SigningKey("e", "ES256").jwk(), self.key.jwk()]
        self.assertTrue(self.verify(token, keys=keys))

    def test_texts_do_not_contain_the_token(self):
        encoded = self.key.sign(self.claims())
        token = self.rules.parse(encoded)
        self.assertNotIn(encoded.split(".")[1], repr(token))
        for wrong in (encoded[:-9] + "AAAAAAAAA", encoded.replace(".", ".x", 1)):
            with self.assertRaises(InvalidToken) as caught:
                self.verify(wrong)
            for part in wrong.split("."):
                self.assertNotIn(part, str(caught.exception))
