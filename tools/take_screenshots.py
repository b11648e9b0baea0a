# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Take the pictures: ``take_screenshots.py CHROMIUM ADDRESS DATABASE``.

Runs under the Python that has Playwright, in the checkout's folder.
"""

import sys
import xmlrpc.client
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, sync_playwright

FOLDER = Path("fastapi/static/description")
SIZE: ViewportSize = {"width": 1280, "height": 760}  # pixels
BASE_URL = {
    "web.base.url": "https://odoo.example.com",
    "web.base.url.freeze": "True",
}


def take(page: Page, name: str, selector: str = "body") -> None:
    """Take a picture when an element is there, scrolled into view."""
    page.locator(selector).first.scroll_into_view_if_needed()
    page.evaluate("document.fonts.ready.then(() => true)")
    page.wait_for_selector(".o_loading_indicator", state="detached")
    # no hover effects
    page.mouse.move(page.evaluate("innerWidth") - 1, page.evaluate("innerHeight") - 1)
    path = FOLDER / f"{name}.png"
    page.screenshot(path=path)
    print(f"    {path}")


def take_all(page: Page) -> None:
    page.goto("/web/login")
    page.fill("input[name=login]", "admin")
    page.fill("input[name=password]", "admin")
    page.click("button[type=submit]:not([disabled])")
    page.wait_for_selector(".o_main_navbar")
    page.goto("/odoo/fastapi-endpoints")
    take(page, "endpoint_list", ".o_list_view .o_data_row")
    page.click(".o_data_row :text-is('/fastapi_demo')")
    take(page, "endpoint_form", ".o_form_view [name=root_path]")
    page.click("button[name=action_open_routes]")
    take(page, "routes", ".o_list_view .o_data_row :text-is('/demo')")
    page.goto("/fastapi_demo/docs")
    page.click('[data-path="/demo/lang"]')
    page.click("button.try-out__btn")
    page.click("button.execute")
    page.wait_for_selector(".live-responses-table .response-col_status")
    page.evaluate("window.scrollTo(0, 0)")
    take(page, "swagger_ui")


def main(chromium: str, address: str, database: str) -> None:
    with xmlrpc.client.ServerProxy(f"{address}/xmlrpc/2/object") as proxy:
        for item in BASE_URL.items():
            call = ("ir.config_parameter", "set_param", item)
            proxy.execute_kw(database, 2, "admin", *call)
    with sync_playwright() as playwright:
        # as root, and in a container, Chromium has no sandbox
        options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=chromium, args=options)
        page = browser.new_page(base_url=address, viewport=SIZE, locale="en-US")
        take_all(page)
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
