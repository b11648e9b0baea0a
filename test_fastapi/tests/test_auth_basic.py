# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""HTTP Basic: what the first call does, and what the calls after it do."""

import base64
import itertools
import statistics
import time
from datetime import datetime, timedelta
from unittest.mock import patch

from starlette.requests import HTTPConnection

from odoo.exceptions import AccessDenied
from odoo.fields import Domain
from odoo.tests import new_test_user

from odoo.addons.fastapi.auth import InvalidCredentials, verified
from odoo.addons.fastapi.auth.basic import (
    BasicCredentials,
    BasicScheme,
    BasicWay,
)

from .common import RPC_LOGGERS, FastapiHttpCase
from .server_case import ServerCase
from .servers import OdooServer
from .test_access import CountedHashes

WRONG = "Incorrect username or password"
RETRIED = "retrying with a read/write cursor"
logins = (f"basic-{number}@test" for number in itertools.count())


def basic(login, password):
    """Return the header with a login and a password."""
    credential = base64.b64encode(f"{login}:{password}".encode()).decode()
    return {"Authorization": f"Basic {credential}"}


class BasicCase(FastapiHttpCase):
    """The callers of each test are its own, and known to no process yet."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.hashes = CountedHashes(cls.env["res.users"]._crypt_context())
        cls.classPatch(
            type(cls.env["res.users"]), "_crypt_context", lambda self: cls.hashes
        )

    def setUp(self):
        super().setUp()
        self.mute(*RPC_LOGGERS)
        self.startPatcher(patch.object(verified, "_memory", verified._Memory()))
        self.login = next(logins)
        self.password = f"secret of {self.login}"
        self.user = new_test_user(self.env, self.login, password=self.password)
        self.env.flush_all()

    def status(self, login=None, password=None, path="/test/partner"):
        """Return the status of a call, by default with the right credential."""
        self.hashes.count = 0
        auth = (login or self.login, password or self.password)
        response = self.get(path, auth=auth)
        if response.status_code == 200:
            self.assertEqual(response.json()["id"], self.user.partner_id.id)
        if response.status_code == 401:
            self.assertEqual(response.json(), {"detail": WRONG})
            self.assertEqual(response.headers["WWW-Authenticate"], "Basic")
        return response.status_code

    def key(self, days=None):
        """Return an API key of the user, which is accepted as a password."""
        keys = self.env["res.users.apikeys"].with_user(self.user).sudo()
        expiration = days and datetime.now() + timedelta(days=days)
        key = keys._generate(None, "test", expiration)
        return key, keys.search([("user_id", "=", self.user.id)], order="id desc")[0]


class TestRemembered(BasicCase):
    def test_only_the_first_call_hashes(self):
        for expected in (1, 0, 0):
            self.assertEqual(self.status(), 200)
            self.assertEqual(self.hashes.count, expected)
        # of the endpoint or of another one
        self._create_endpoint("/another")
        self.assertEqual(self.status(path="/another/partner"), 200)
        self.assertEqual(self.hashes.count, 0)

    def test_wrong_ones_are_hashed_each_time(self):
        self.assertEqual(self.status(), 200)
        for login, password in (
            (self.login, "wrong"),
            (self.login, f"{self.password} "),
            ("nobody@test", self.password),
            (self.login.upper(), self.password),
        ):
            self.assertEqual(self.status(login, password), 401)
            self.assertEqual(self.hashes.count, 1)
        self.assertEqual(self.status(), 200)
        self.assertEqual(self.hashes.count, 0)

    def test_password_of_any_letters(self):
        self.user.password = password = "pässwörd: €"
        self.env.flush_all()
        for expected in (1, 0):
            auth = (self.login.encode(), password.encode())
            self.hashes.count = 0
            self.assertEqual(self.get("/test/partner", auth=auth).status_code, 200)
            self.assertEqual(self.hashes.count, expected)

    def test_new_password(self):
        self.assertEqual(self.status(), 200)
        self.user.password = "another secret"
        self.env.flush_all()
        self.assertEqual(self.status(), 401)
        self.assertEqual(self.status(password="another secret"), 200)

    def test_new_login(self):
        self.assertEqual(self.status(), 200)
        self.user.login = next(logins)
        self.env.flush_all()
        self.assertEqual(self.status(), 401)
        self.assertEqual(self.status(self.user.login), 200)
        # another user gets the login
        heir = new_test_user(self.env, self.login, password="heir's secret")
        self.assertEqual(self.status(), 401)
        self.user = heir
        self.assertEqual(self.status(password="heir's secret"), 200)

    def test_archived_user(self):
        self.assertEqual(self.status(), 200)
        self.user.active = False
        self.env.flush_all()
        self.assertEqual(self.status(), 401)
        self.user.active = True
        self.env.flush_all()
        self.assertEqual(self.status(), 200)

    def test_deleted_user(self):
        self.assertEqual(self.status(), 200)
        self.user.unlink()
        self.env.flush_all()
        self.assertEqual(self.status(), 401)

    def test_second_factor(self):
        if "totp_secret" not in self.user._fields:
            self.skipTest("auth_totp is not installed")
        self.assertEqual(self.status(), 200)
        self.user.sudo().totp_secret = "JBSWY3DPEHPK3PXP"
        self.env.flush_all()
        self.assertEqual(self.status(), 401)

    def test_passwords_that_are_not_for_apis_any_more(self):
        # as by a policy for second factors, which no row of the user tells of
        self.assertEqual(self.status(), 200)
        self.patch(type(self.user), "_rpc_api_keys_only", lambda self: True)
        self.assertEqual(self.status(), 401)

    def test_api_key_as_password(self):
        self.patch(type(self.user), "_rpc_api_keys_only", lambda self: True)
        key, record = self.key()
        self.assertEqual(self.status(password=key), 200)
        with patch.object(
            type(self.user), "_check_credentials", side_effect=AssertionError
        ):
            self.assertEqual(self.status(password=key), 200)
        record._remove()
        self.assertEqual(self.status(password=key), 401)

    def test_api_key_that_expires(self):
        key, record = self.key(days=1)
        self.assertEqual(self.status(password=key), 200)
        self.env.cr.execute(
            "UPDATE res_users_apikeys SET expiration_date = "
            "now() AT TIME ZONE 'utc' - interval '1 second' WHERE id = %s",
            [record.id],
        )
        self.assertEqual(self.status(password=key), 401)

    def test_login_that_several_users_have(self):
        """An addon may have one for each website: what was right on one is not known
        on another.
        """
        users = type(self.user)
        original = users._get_login_domain
        website = 1

        def get_domain(self, login):
            domain = original(self, login)
            return domain & Domain("id", ">" if website == 2 else "!=", 2**31 - 1)

        self.patch(users, "_get_login_domain", get_domain)
        self.assertEqual(self.status(), 200)
        website = 2
        self.assertEqual(self.status(), 401)
        website = 1
        self.assertEqual(self.status(), 200)
        self.assertEqual(self.hashes.count, 0)


class TestOtherAddons(BasicCase):
    """They have their say in Odoo's methods, at the first call."""

    def patch_check(self, check):
        """Override ``_check_credentials``, as an addon does."""
        original = type(self.user)._check_credentials
        calls = []

        def check_credentials(self, credential, env):
            calls.append(credential["login"])
            return check(original, self, credential, env)

        self.patch(type(self.user), "_check_credentials", check_credentials)
        return calls

    def test_password_that_is_not_in_the_database(self):
        """As of LDAP: nothing of the database tells that it has changed."""
        right = "secret of the directory"

        def check(original, user, credential, env):
            try:
                return original(user, credential, env)
            except AccessDenied:
                if credential["password"] != right:
                    raise
                return {"uid": user.env.uid, "auth_method": "ldap", "mfa": "default"}

        calls = self.patch_check(check)
        for number in (1, 2):
            self.assertEqual(self.status(password=right), 200)
            self.assertEqual(len(calls), number)
        right = "another one"
        self.assertEqual(self.status(password="secret of the directory"), 401)

    def test_method_that_an_addon_knows(self):
        def check(original, user, credential, env):
            return {"uid": user.env.uid, "auth_method": "card", "mfa": "default"}

        state = "first"
        original_state = type(self.user)._get_credential_state

        def get_state(self, method):
            return state if method == "card" else original_state(self, method)

        self.patch(type(self.user), "_get_credential_state", get_state)
        calls = self.patch_check(check)
        for _call in range(2):
            self.assertEqual(self.status(password="any"), 200)
        self.assertEqual(len(calls), 1)
        state = "second"
        self.assertEqual(self.status(password="any"), 200)
        self.assertEqual(len(calls), 2)

    def test_refusal(self):
        def check(original, user, credential, env):
            original(user, credential, env)
            raise AccessDenied()

        self.patch_check(check)
        self.assertEqual(self.status(), 401)

    def test_login_that_an_addon_makes(self):
        """As ``auth_ldap`` does in ``_login``, for users who are not there yet."""
        original = type(self.user)._login
        user = self.user

        def login(self, credential, user_agent_env):
            try:
                return original(self, credential, user_agent_env=user_agent_env)
            except AccessDenied:
                if credential["login"] != "new@test":
                    raise
                return {"uid": user.id, "auth_method": "ldap", "mfa": "default"}

        self.patch(type(self.user), "_login", login)
        self.assertEqual(self.status("new@test", "any"), 200)
        self.assertEqual(self.status("old@test", "any"), 401)


class TestNothingIsWritten(BasicCase):
    def logs(self):
        return self.env["res.users.log"].sudo().search_count([])

    def test_no_row_of_a_login(self):
        key, _record = self.key()
        before = self.logs()
        for password in (self.password, key, self.password, key):
            self.assertEqual(self.status(password=password), 200)
        self.patch(type(self.user), "_rpc_api_keys_only", lambda self: True)
        self.assertEqual(self.status(password=key), 200)
        self.assertEqual(self.logs(), before)

    def test_other_logins_have_theirs(self):
        before = self.logs()
        self.authenticate(self.login, self.password)
        uid = self.xmlrpc_common.authenticate(
            self.env.cr.dbname, self.login, self.password, {}
        )
        self.assertEqual(uid, self.user.id)
        self.assertGreater(self.logs(), before)

    def test_no_time_zone_of_a_browser(self):
        self._create_endpoint("/replica", test_routing={"readonly": True})
        before = self.user.tz
        with self.assertNoLogs("odoo.http", "WARNING"):
            response = self.get(
                "/replica/partner",
                auth=(self.login, self.password),
                cookies={"tz": "Asia/Tokyo"},
            )
        self.assertEqual(response.status_code, 200)
        self.user.invalidate_recordset()
        self.assertEqual(self.user.tz, before)

    def test_replica(self):
        self.env.cr.execute("DELETE FROM fastapi_auth_failure")
        self._create_endpoint("/replica", test_routing={"readonly": True})
        with self.assertNoLogs("odoo.http", "WARNING"):
            for _call in range(2):
                self.assertEqual(self.status(path="/replica/partner"), 200)
            self.assertEqual(
                self.status(password="wrong", path="/replica/partner"), 401
            )
        failures = self.env["fastapi.auth.failure"].search([]).mapped("failures")
        self.assertEqual(failures, [1, 1])


class TestBasicWay(BasicCase):
    def authenticate_by(self, login, password):
        credential = BasicCredentials(username=login, password=password)
        connection = HTTPConnection(
            {"type": "http", "headers": [], "client": ("192.0.2.1", 1)}
        )
        env = self.env(user=self.runner)
        return BasicWay().authenticate(credential, connection, env)

    def test_caller(self):
        for _call in range(2):
            caller = self.authenticate_by(self.login, self.password)
            self.assertEqual(caller.method, "basic")
            self.assertEqual(caller.user_id, self.user.id)
            self.assertEqual(caller.partner_id, self.user.partner_id.id)
            self.assertIsNone(caller.scopes)
            self.assertIsNone(caller.key_id)
        for login, password in (
            (self.login, "wrong"),
            (self.login, ""),
            ("nobody@test", self.password),
            ("", ""),
        ):
            with self.assertRaises(InvalidCredentials) as caught:
                self.authenticate_by(login, password)
            self.assertEqual(caught.exception.detail, WRONG)

    def test_header(self):
        way = BasicWay()
        self.assertEqual(way.challenge, 'Basic realm="API", charset="UTF-8"')
        for header, expected in (
            (None, None),
            ("", None),
            ("Bearer YTpi", None),
            ("Basic YTpi", ("a", "b")),
            ("basic YTpiOmM=", ("a", "b:c")),
            ("Basic w6k6w6k=", ("é", "é")),
            ("Basic OmI=", ("", "b")),
            # nobody has these
            ("Basic", ("", "")),
            ("Basic x", ("", "")),
            ("Basic YWI=", ("", "")),
            ("Basic 6Tpi", ("", "")),
        ):
            with self.subTest(header):
                headers = [(b"authorization", header.encode())] if header else []
                connection = HTTPConnection({"type": "http", "headers": headers})
                read = way.scheme(connection)
                with self.assertRaises(StopIteration) as caught:
                    read.send(None)
                found = caught.exception.value
                self.assertEqual(found and (found.username, found.password), expected)

    def test_password_is_not_shown(self):
        credential = BasicCredentials(username="ann", password="s3cr3t")
        for text in (repr(credential), str(credential), f"{credential}"):
            self.assertNotIn("s3cr3t", text)
            self.assertIn("ann", text)

    def test_openapi(self):
        for scheme in (BasicScheme(), BasicWay().scheme):
            self.assertEqual(scheme.scheme_name, "HTTPBasic")
            self.assertEqual(scheme.model.scheme, "basic")
        document = self.get("/test/openapi.json").json()
        self.assertIn("HTTPBasic", document["components"]["securitySchemes"])


class TestChosenOnTheEndpoint(BasicCase):
    """No line of the app is about authentication."""

    CHALLENGE = 'Basic realm="API", charset="UTF-8"'

    def setUp(self):
        super().setUp()
        self.endpoint = self._create_endpoint(
            "/chosen",
            app="test_auth",
            auth_basic=True,
            auth_api_key=False,
            run_as="user",
        )

    def call_as(self, login=None, password=None, path="/chosen/auth/caller"):
        auth = (login or self.login, password or self.password)
        return self.get(path, auth=auth)

    def assert_refused(self, response, status, detail, challenge=None):
        self.assertEqual(response.status_code, status)
        self.assertEqual(response.json(), {"detail": detail})
        self.assertEqual(response.headers.get("WWW-Authenticate"), challenge)

    def test_caller(self):
        self.hashes.count = 0
        for run_as, uid in (("user", self.runner.id), ("caller", self.user.id)):
            self.endpoint.run_as = run_as
            answer = self.call_as().json()
            self.assertEqual(answer["method"], "basic")
            self.assertEqual(answer["user_id"], self.user.id)
            self.assertEqual(answer["partner_id"], self.user.partner_id.id)
            self.assertEqual(answer["runs_as"], uid)
        self.assertEqual(self.hashes.count, 1)

    def test_refused(self):
        for path in ("/chosen/auth/caller", "/chosen/auth/caller/optional"):
            for login, password in (
                (self.login, "wrong"),
                ("nobody@test", self.password),
                (self.login, "x" * 5000),
                (self.login, "nul\0"),
            ):
                response = self.call_as(login, password, path)
                self.assert_refused(response, 401, WRONG, self.CHALLENGE)
            for header in ("Basic", "Basic x", "Basic YWI=", "Basic 6Tpi"):
                response = self.get(path, headers={"Authorization": header})
                self.assert_refused(response, 401, WRONG, self.CHALLENGE)
        response = self.get("/chosen/auth/caller")
        self.assert_refused(response, 401, "Not authenticated", self.CHALLENGE)
        self.assertIsNone(self.get("/chosen/auth/caller/optional").json())

    def test_not_chosen(self):
        """Ignored, as if nothing had been sent."""
        self.endpoint.write({"auth_basic": False, "auth_api_key": True})
        self.assert_refused(self.call_as(), 401, "Not authenticated", "Bearer")
        answer = self.call_as(path="/chosen/auth/caller/optional").json()
        self.assertIsNone(answer)

    def test_beside_another_way(self):
        self.endpoint.auth_api_key = True
        self.assertEqual(self.call_as().json()["method"], "basic")
        response = self.call_as(password="wrong")
        self.assert_refused(response, 401, WRONG, f"Bearer, {self.CHALLENGE}")
        document = self.get("/chosen/openapi.json").json()
        operation = document["paths"]["/auth/caller"]["get"]
        self.assertEqual(operation["security"], [{"APIKey": []}, {"HTTPBasic": []}])

    def test_portal_user(self):
        portal = new_test_user(
            self.env, next(logins), "base.group_portal", password="portal's secret"
        )
        self.env.flush_all()
        for _call in range(2):
            response = self.call_as(portal.login, "portal's secret")
            detail = "Only internal users can call this API."
            self.assert_refused(response, 403, detail)
        self.endpoint.allow_portal_users = True
        answer = self.call_as(portal.login, "portal's secret").json()
        self.assertEqual(answer["user_id"], portal.id)

    def test_too_many_failures(self):
        parameters = self.env["ir.config_parameter"].sudo()
        parameters.set_param("base.login_cooldown_after", 2)
        for status in (401, 401, 429):
            response = self.call_as(password="wrong")
            self.assertEqual(response.status_code, status)
        self.assertIn(int(response.headers["Retry-After"]), range(1, 61))
        self.assertNotIn("WWW-Authenticate", response.headers)


class TestServers(ServerCase):
    """Two workers, each with a memory of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls.start_server()
        cls.login = "basic@servers"
        cls.user_id = cls.first.rpc(
            "res.users",
            "create",
            {"name": "Basic", "login": cls.login, "password": "first secret"},
        )
        cls.addClassCleanup(cls.first.rpc, "res.users", "unlink", [cls.user_id])

    def setUp(self):
        super().setUp()
        self.create_endpoint(self.first, "/basic")
        self.write_user(login=self.login, password="first secret", active=True)

    def write_user(self, **vals):
        self.first.rpc("res.users", "write", [self.user_id], vals)

    def status(self, server, password="first secret", login=None, path="/basic"):
        headers = basic(login or self.login, password)
        return server.request("GET", f"{path}/partner", headers=headers).status

    def statuses(self, **kwargs):
        return [self.status(server, **kwargs) for server in (self.first, self.second)]

    def test_changes_count_in_other_workers(self):
        for change, expected in (
            ({"password": "second secret"}, [401, 401]),
            ({"password": "first secret"}, [200, 200]),
            ({"login": "renamed@servers"}, [401, 401]),
            ({"login": self.login}, [200, 200]),
            ({"active": False}, [401, 401]),
            ({"active": True}, [200, 200]),
        ):
            with self.subTest(change):
                self.query("DELETE FROM fastapi_auth_failure")
                self.write_user(**change)
                self.assertEqual(self.statuses(), expected)

    def test_time_of_later_calls(self):
        """A call that hashes takes many times as long as one that does not."""
        times = {}
        for password, status in (("first secret", 200), ("wrong", 401)):
            self.status(self.first, password)
            times[status] = []
            for _call in range(3):
                start = time.perf_counter()
                self.assertEqual(self.status(self.first, password), status)
                times[status].append(time.perf_counter() - start)
        right, wrong = (statistics.median(times[status]) for status in (200, 401))
        self.assertLess(right, wrong / 2)

    def test_replica(self):
        server = OdooServer(self.dbname, dev_mode="replica")
        self.addCleanup(server.stop)
        self.create_endpoint(self.first, "/replica", test_routing={"readonly": True})
        cursor = server.request("GET", "/replica/cursor")
        self.assertEqual(cursor.body, b"true")
        for password, status in (
            ("first secret", 200),
            ("first secret", 200),
            ("wrong", 401),
        ):
            found = self.status(server, password, path="/replica")
            self.assertEqual(found, status)
        server.stop()
        self.assertNotIn(RETRIED, "".join(server.log))
        rows = self.query("SELECT failures FROM fastapi_auth_failure")
        self.assertEqual(rows, [(1,), (1,)])

    def test_no_row_of_a_login(self):
        self.assertEqual(self.statuses(), [200, 200])
        rows = self.query(
            "SELECT count(*) FROM res_users_log WHERE create_uid = %s", self.user_id
        )
        self.assertEqual(rows, [(0,)])

    def test_no_credential_in_the_log(self):
        server = OdooServer(self.dbname, log_handler=":DEBUG")
        self.addCleanup(server.stop)
        server.log_again(100_000)
        secrets = []
        for password in ("first secret", "first secret", "wr0ng s3cr3t", "x" * 5000):
            header = basic(self.login, password)["Authorization"]
            secrets += [password, header.removeprefix("Basic ")]
            self.status(server, password)
        server.stop()
        self.assertTrue([line for line in server.log if "odoo.sql_db" in line])
        self.assertTrue([line for line in server.log if "DEBUG" in line])
        for secret in secrets:
            self.assertFalse([line for line in server.log if secret in line])
