# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Texts of records are not run as code in the documentation, in a real browser."""

import json

from .test_browser_docs import RENDERED, BrowserDocsCase

HOSTILE = """
Start <img src=x onerror="window.hacked = 1"> of

<iframe srcdoc="<script>parent.hacked = 2</script>"></iframe>

<svg/onload=window.hacked=3//@b.c>

# A title with <img src=x onerror="window.hacked=4">

[link](javascript:window.hacked=5) <javascript:window.hacked=6>
[other](<javascript:window.hacked=7>) ![image](javascript:window.hacked=8)

| table |
|-------|
| <img src=x onerror="window.hacked=9"> |

<form action="/web"><button formaction="javascript:window.hacked=10">go</button></form>

<https://odoo.example/?a=1&b=2>, `<b>"quoted" & code</b>`

```xml
<book id="1">block & code</book>
```

    <p>indented</p>

The end
"""
TITLE = 'Title <img src=x onerror="window.hacked=20"> & more'

CHECK = """
    await until(() => document.body.innerText.includes("The end"));
    const text = document.body.innerText;
    for (const part of [
        `Start <img src=x onerror="window.hacked = 1"> of`,
        `<iframe srcdoc="<script>parent.hacked = 2</script>"></iframe>`,
        `A title with <img src=x onerror="window.hacked=4">`,
        `https://odoo.example/?a=1&b=2`,
        `<b>"quoted" & code</b>`,
        `<book id="1">block & code</book>`,
        `<p>indented</p>`,
    ]) {
        check(text.includes(part), `${part} is not in ${text}`);
    }
    check(document.querySelector('a[href="https://odoo.example/?a=1&b=2"]'), "no link");
    const selector = [
        "iframe", "img[src=x]", "svg[onload]", "a[href^=javascript]", "[formaction]",
    ].join();
    for (const found of document.querySelectorAll(selector)) {
        check(false, found.outerHTML);
    }
    check(window.hacked === undefined, `hacked: ${window.hacked}`);
"""


#: Attacks by code that a gap in ReDoc or Swagger UI would allow.
ATTACK = """
    const refused = new Set();
    document.addEventListener("securitypolicyviolation", (event) => {
        refused.add(event.effectiveDirective);
    });
    const add = (html) => document.body.insertAdjacentHTML("beforeend", html);
    const addScript = (values) => document.body.append(
        Object.assign(document.createElement("script"), values)
    );
    add('<img src="data:," onerror="window.hacked = 1">');
    addScript({textContent: "window.hacked = 2"});
    addScript({src: "https://evil.example/x.js"});
    addScript({src: "/web/static/lib/luxon/luxon.js"});
    add('<iframe src="https://evil.example/frame"></iframe>');
    add('<iframe src="/web/login"></iframe>');
    add('<iframe srcdoc="<script>parent.hacked = 3</script>"></iframe>');
    add('<a id="link" href="javascript:window.hacked = 4">x</a>');
    document.getElementById("link").click();
    add('<form id="form" action="/web/login"><input name="a"></form>');
    document.getElementById("form").submit();
    add('<object data="/web/login"></object>');
    add('<base href="https://evil.example/">');
    const expected = [
        "base-uri", "form-action", "frame-src", "object-src", "script-src-attr",
        "script-src-elem",
    ];
    await new Promise((resolve) => {
        const look = () => expected.every((name) => refused.has(name)) && resolve();
        document.addEventListener("securitypolicyviolation", look);
        look();
    });
    check(window.hacked === undefined, `hacked: ${window.hacked}`);
    check(!window.luxon, "a script of the same origin");
"""
#: HTML of a developer, who is trusted.
PIXEL = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="
TRUSTED = f"<b>bold</b> <img src='{PIXEL}' onload='window.hacked = 1'>"


class TestBrowserSafety(BrowserDocsCase):
    def setUp(self):
        super().setUp()
        self.demo.write({"name": TITLE, "description": HOSTILE})

    def test_texts_of_a_record(self):
        for page, ready in RENDERED.items():
            with self.subTest(page):
                self.browse(
                    f"/browser/demo{page}",
                    f"check(document.title.startsWith({json.dumps(TITLE)}));{CHECK}",
                    ready,
                )

    def test_texts_of_a_record_in_its_form(self):
        action = self.env.ref("fastapi.fastapi_endpoint_act_window")
        self.browse(
            f"/odoo/action-{action.id}/{self.demo.id}",
            CHECK,
            "[name=description_html] table",
            login="admin",
        )

    def test_policy_of_the_pages(self):
        for page, ready in RENDERED.items():
            with self.subTest(page):
                self.browse(
                    f"/browser/demo{page}",
                    ATTACK,
                    ready,
                    error_checker=lambda text: "Content Security Policy" not in text,
                )

    def test_html_of_a_developer(self):
        model = type(self.demo)
        original = model._prepare_fastapi_app_params

        def prepare(endpoint):
            return {**original(endpoint), "description": TRUSTED}

        self.patch(model, "_prepare_fastapi_app_params", prepare)
        self.demo._reset_app()
        for page, ready in RENDERED.items():
            with self.subTest(page):
                self.browse(
                    f"/browser/demo{page}",
                    """
                    const bold = await until(() =>
                        [...document.querySelectorAll("b")].find(
                            (found) => found.innerText === "bold"
                        )
                    );
                    const image = bold.parentElement.querySelector("img");
                    await image.decode();
                    check(!image.onload, "an image with code");
                    check(window.hacked === undefined, "hacked");
                    """,
                    ready,
                )
