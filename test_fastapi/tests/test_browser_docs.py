# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The documentation in a real browser, without requests to other hosts."""

import json
from unittest.mock import patch

from odoo.fields import Command
from odoo.tests.common import ChromeBrowser

from .test_docs import DocsHttpCase

#: JavaScript helpers for the tests.
TOOLS = """
/** Wait until find returns something; else the test times out. */
function until(find, page = document) {
    return new Promise((resolve) => {
        const look = () => {
            const found = find();
            if (found) {
                observer.disconnect();
                resolve(found);
            }
        };
        const observer = new MutationObserver(look);
        observer.observe(page, {
            attributes: true, characterData: true, childList: true, subtree: true,
        });
        look();
    });
}
const element = (selector) => until(() => document.querySelector(selector));
const click = async (selector) => (await element(selector)).click();
/** Fill an input in so that React sees it. */
function enter(input, value) {
    const {set} = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value");
    set.call(input, value);
    input.dispatchEvent(new Event("input", {bubbles: true}));
}
const fill = async (selector, value) => enter(await element(selector), value);
function check(condition, message) {
    if (!condition) {
        throw new Error(message);
    }
}
"""
RENDERED = {
    "/docs": "#swagger-ui .opblock",
    "/redoc": "[data-section-id] h2",
}


class BrowserDocsCase(DocsHttpCase):
    def setUp(self):
        super().setUp()
        self.foreign_requests = []
        self.demo = self._create_endpoint(
            "/browser/demo", app="demo", demo_auth_method="http_basic"
        )

    def fetch_proxy(self, url):
        """Record a request to another host, see ``HttpCase``."""
        self.foreign_requests.append(url)
        return super().fetch_proxy(url)

    def browse(self, url, code, ready, login=None, **kwargs):
        """Open a page, wait for an element and run code there.

        Fails on an error in the console, an exception, an error response, and a request
        to another host.
        """
        self.browser_js(
            url,
            f"""(async () => {{
                {TOOLS}
                {code}
                const failed = performance.getEntriesByType("resource").filter(
                    (entry) => entry.responseStatus >= 400
                );
                check(!failed.length, failed.map((entry) => entry.name).join());
                console.log("test successful");
            }})().catch((error) => console.error(String(error)));""",
            ready=f"Boolean(document.querySelector({json.dumps(ready)}))",
            login=login,
            **kwargs,
        )
        self.assertEqual(self.foreign_requests, [])

    def allow_windows(self):
        """Let pages open windows: a click by code doesn't count as a user's click."""
        spawn = ChromeBrowser._spawn_chrome

        def spawn_allowing(browser, command):
            return spawn(
                browser, [*command[:-1], "--disable-popup-blocking", command[-1]]
            )

        self.startPatcher(patch.object(ChromeBrowser, "_spawn_chrome", spawn_allowing))

    def assertRendered(self, url, login=None):
        page = url[url.rindex("/") :]
        self.browse(url, "", RENDERED[page], login=login)


class TestBrowserDocs(BrowserDocsCase):
    def test_other_hosts_are_noticed(self):
        # the other tests would pass even if no request was recorded
        self.browser_js(
            "/test/docs",
            """fetch("https://cdn.example/x.js").catch(
                () => console.log("test successful")
            )""",
        )
        self.assertEqual(self.foreign_requests, ["https://cdn.example/x.js"])

    def test_offline(self):
        self._create_endpoint("/plain", app="test_plain")
        # "/test" has messages of WebSockets
        for root_path in ("/browser/demo", "/plain", "/test"):
            for page in RENDERED:
                with self.subTest(f"{root_path}{page}"):
                    self.assertRendered(f"{root_path}{page}")

    def test_redoc_is_complete(self):
        self.browse(
            "/browser/demo/redoc",
            """
            for (const image of document.images) {
                await image.decode();
            }
            check(document.body.innerText.includes("/demo/who_ami"), "no operations");
            await fill("input[placeholder='Search...']", "who_ami");
            await element("[data-role='search:results'] li");
            """,
            RENDERED["/redoc"],
        )

    def test_try_out_with_basic_authentication(self):
        self.browse(
            # a link to an operation opens it
            "/browser/demo/docs#/demo/who_ami",
            f"""
            await click(".auth-wrapper .btn.authorize");
            await fill(".auth-container input[name=username]", {self.user.login!r});
            await fill(".auth-container input[name=password]", {self.user.login!r});
            await click(".auth-container .auth.authorize");
            await click(".auth-container .btn-done");
            await click(".opblock.is-open .try-out__btn");
            await click(".opblock.is-open .execute");
            const response = await element(".live-responses-table tbody");
            check(response.innerText.trim().startsWith("200"), response.innerText);
            check(response.innerText.includes({self.user.name!r}), response.innerText);
            """,
            ".opblock.is-open",
        )

    def test_authorize_with_every_scheme(self):
        self._create_endpoint("/plain", app="test_plain")
        self.allow_windows()
        self.browse(
            "/plain/docs",
            """
            const shown = async (name) => until(() =>
                [...document.querySelectorAll(".auth-container")].find(
                    (form) => form.querySelector("h4").innerText.startsWith(name)
                )
            );
            const authorize = async (name, values) => {
                const form = await shown(name);
                const inputs = form.querySelectorAll("input:not([type=checkbox])");
                values.forEach((value, index) => enter(inputs[index], value));
                form.querySelector(".auth.authorize").click();
                await until(() =>
                    [...form.querySelectorAll(".auth")].find(
                        (button) => button.innerText === "Logout"
                    )
                );
            };
            await click(".auth-wrapper .btn.authorize");
            await authorize("HTTPBasic", ["me", "my secret"]);
            await authorize("APIKeyHeader", ["my-key"]);
            await authorize("HTTPBearer", ["my-token"]);
            // a form for the password, and a window of the provider that redirects back
            await authorize("OAuth2PasswordBearer", ["me", "my secret"]);
            await authorize("OAuth2AuthorizationCodeBearer", ["the-client"]);
            await click(".btn-done");
            for (const [path, text] of [
                ["/basic", "my secret"],
                ["/key", "my-key"],
                ["/bearer", "my-token"],
                ["/password", "the-token"],
                ["/code", "the-token"],
            ]) {
                const block = await until(() =>
                    document.querySelector(`[data-path="${path}"]`)?.closest(".opblock")
                );
                block.querySelector(".opblock-summary-control").click();
                const press = async (selector) =>
                    (await until(() => block.querySelector(selector))).click();
                await press(".try-out__btn");
                await press(".execute");
                const response = await until(() =>
                    block.querySelector(".live-responses-table tbody")
                );
                check(response.innerText.trim().startsWith("200"), response.innerText);
                check(response.innerText.includes(text), response.innerText);
            }
            """,
            RENDERED["/docs"],
        )

    def test_dark_mode_follows_the_system(self):
        spawn = ChromeBrowser._spawn_chrome

        def spawn_dark(browser, command):
            dark = "--blink-settings=preferredColorScheme=0"
            return spawn(browser, [*command[:-1], dark, command[-1]])

        self.startPatcher(patch.object(ChromeBrowser, "_spawn_chrome", spawn_dark))
        self.browse(
            "/browser/demo/docs",
            """
            check(matchMedia("(prefers-color-scheme: dark)").matches, "not dark");
            const {filter} = getComputedStyle(document.documentElement);
            check(filter.startsWith("invert"), filter);
            """,
            RENDERED["/docs"],
        )
        self.browse(
            "/browser/demo/redoc",
            """
            check(matchMedia("(prefers-color-scheme: dark)").matches, "not dark");
            const {color} = getComputedStyle(document.querySelector("h2"));
            check(color === "rgb(228, 230, 232)", color);
            """,
            RENDERED["/redoc"],
        )

    def test_authorization_is_kept(self):
        self.browse(
            "/browser/demo/docs",
            """
            await click(".auth-wrapper .btn.authorize");
            await fill(".auth-container input[name=username]", "me");
            await click(".auth-container .auth.authorize");
            await element(".auth-wrapper .authorize.locked");
            const kept = JSON.parse(localStorage.getItem("authorized"));
            check(kept.HTTPBasic.value.username === "me", JSON.stringify(kept));
            """,
            RENDERED["/docs"],
        )

    def test_visitor_is_sent_to_the_login(self):
        self.demo.docs_access = "user"
        for page in RENDERED:
            self.browse(
                f"/browser/demo{page}",
                f"""
                check(location.pathname === "/web/login", location.href);
                const target = document.querySelector("input[name=redirect]").value;
                check(target === "/browser/demo{page}", target);
                """,
                "form.oe_login_form",
            )

    def test_access_of_users(self):
        self.demo.docs_access = "user"
        self.assertRendered("/browser/demo/docs", login=self.portal.login)
        self.assertRendered("/browser/demo/redoc", login=self.user.login)

    def test_access_of_members(self):
        self.demo.write(
            {"docs_access": "group", "docs_group_ids": [Command.set(self.readers.ids)]}
        )
        self.assertRendered("/browser/demo/docs", login=self.head.login)
        self.browse(
            "/browser/demo/docs",
            """check(document.body.innerText.includes("Forbidden"), "no refusal");""",
            "pre",
            login=self.user.login,
        )
