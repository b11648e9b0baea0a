# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Authentication in Swagger UI, in a browser."""

import json

from .test_browser_docs import TOOLS, BrowserDocsCase

#: Functions for the code of the tests. The documentation is in a frame, which the code
#: can load again.
FRAME_TOOLS = """
const frame = document.createElement("iframe");
frame.style = "width: 1000px; height: 700px";
const find = (look) => until(look, frame.contentDocument);
const press = async (look) => (await find(look)).click();
const get = (selector) => () => frame.contentDocument.querySelector(selector);
const get_all = (selector) => [...frame.contentDocument.querySelectorAll(selector)];
async function load(start) {
    const loaded = new Promise((resolve) => (frame.onload = resolve));
    start();
    await loaded;
}
const open_docs = () => load(() => {
    frame.src = "/browser/auth/docs";
    document.body.append(frame);
});
// without the fragment, which would open the operation
const reload = () => load(() => (frame.src = "/browser/auth/docs?again"));
/** Fill in a form of the dialog "Authorize". */
async function authorize(name, values) {
    await press(get(".auth-wrapper .btn.authorize"));
    const form = await find(() =>
        get_all(".auth-container").find(
            (form) => form.querySelector("h4").innerText.startsWith(name)
        )
    );
    const inputs = form.querySelectorAll("input");
    values.forEach((value, index) => enter(inputs[index], value));
    form.querySelector(".auth.authorize").click();
    await find(() =>
        [...form.querySelectorAll(".auth")].find(
            (button) => button.innerText === "Logout"
        )
    );
    await press(get(".btn-done"));
}
/** Call an operation, and compare the response that the page shows. */
async function execute(method, path, ...expected) {
    const block = await find(() =>
        get_all(`.opblock-${method} [data-path="${path}"]`)[0]?.closest(".opblock")
    );
    const press_in_block = (selector) => press(() => block.querySelector(selector));
    await press_in_block(".opblock-summary-control");
    await press_in_block(".try-out__btn");
    await press_in_block(".execute");
    const shown = await find(() => {
        const response = block.querySelector(".live-responses-table tbody");
        return /^[0-9]/.test(response?.innerText.trim()) && response.innerText;
    });
    for (const text of expected) {
        check(shown.includes(text), `${text} is not in ${shown}`);
    }
}
"""


class TestBrowserAuth(BrowserDocsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.endpoint = cls._create_endpoint(
            "/browser/auth", app="test_auth", auth_api_key=False, run_as="caller"
        )

    def _use(self, code, login=None):
        """Run code in a page that may have frames; the documentation may not."""
        self.browser_js(
            "/browser/auth/auth/open",
            f"""(async () => {{
                {TOOLS}
                {FRAME_TOOLS}
                {code}
                console.log("test successful");
            }})().catch((error) => console.error(String(error)));""",
            ready="Boolean(document.querySelector('pre'))",
            login=login,
        )
        self.assertEqual(self.foreign_requests, [])

    def _call(self, method):
        """Return code that asks who calls."""
        texts = "200", f'"method": "{method}"', f'"user_id": {self.user.id}'
        arguments = ", ".join(map(json.dumps, ("get", "/auth/caller", *texts)))
        return f"await execute({arguments});"

    def _authorize(self, name, values, method):
        """Authorize, and call: at once, and after the page is loaded again.

        :param name: of the security scheme
        :param values: what is typed
        """
        self._use(
            f"""
            await open_docs();
            await authorize({json.dumps(name)}, {json.dumps(values)});
            {self._call(method)}
            await reload();
            {self._call(method)}
            """
        )

    def _make_key(self):
        keys = self.env["fastapi.endpoint.key"]
        _key, secret = keys._generate(self.endpoint, self.user, "Swagger UI")
        return secret

    def test_api_key(self):
        self.endpoint.auth_api_key = True
        self._authorize("APIKey", [self._make_key()], "api_key")

    def test_api_key_in_another_header(self):
        self.endpoint.write({"auth_api_key": True, "api_key_header": "X-Key"})
        self._authorize("APIKey", [self._make_key()], "api_key")

    def test_basic(self):
        self.endpoint.auth_basic = True
        login = self.user.login
        self._authorize("HTTPBasic", [login, login], "basic")

    def test_one_of_several(self):
        self.endpoint.write({"auth_api_key": True, "auth_basic": True})
        self._authorize("APIKey", [self._make_key()], "api_key")

    def test_session(self):
        """The browser sends the cookie, and says that the page is of this site."""
        self.endpoint.auth_session = True
        self._use(
            f"""
            await open_docs();
            {self._call("session")}
            const url = "/browser/auth/auth/items/refused?name=x";
            const response = await fetch(url, {{method: "POST"}});
            const {{detail}} = await response.json();
            // refused by access rights, not because of the page
            check(detail.includes("not allowed"), detail);
            """,
            login=self.user.login,
        )
