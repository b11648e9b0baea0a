# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Take the pictures: ``take_screenshots.py CHROMIUM ADDRESS DATABASE``.

Runs under the Python that has Playwright, in the checkout's folder.
"""

import sys
import xmlrpc.client
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

FOLDER = Path("fastapi/static/description")
SIZE = {"width": 1280, "height": 760}  # pixels


def set_base_url(address: str, database: str) -> None:
    """Have the same address in the pictures wherever they are taken."""
    with xmlrpc.client.ServerProxy(f"{address}/xmlrpc/2/object") as proxy:
        for key, value in (
            ("web.base.url", "https://odoo.example.com"),
            ("web.base.url.freeze", "True"),
        ):
            proxy.execute(
                *(database, 2, "admin", "ir.config_parameter", "set_param", key, value)
            )


def log_in(page: Page) -> None:
    page.goto("/web/login")
    page.fill("input[name=login]", "admin")
    page.fill("input[name=password]", "admin")
    page.click("button[type=submit]:not([disabled])")
    page.wait_for_selector(".o_main_navbar")


def take(page: Page, name: str) -> None:
    page.evaluate("document.fonts.ready.then(() => true)")
    page.wait_for_selector(".o_loading_indicator", state="detached")
    page.mouse.move(SIZE["width"] - 1, SIZE["height"] - 1)  # no hover effects
    path = FOLDER / f"{name}.png"
    page.screenshot(path=path)
    print(f"    {path}")


def take_all(page: Page) -> None:
    log_in(page)
    page.goto("/odoo/fastapi-endpoints")
    page.wait_for_selector(".o_list_view .o_data_row")
    take(page, "endpoint_list")

    page.click(".o_data_row :text-is('/fastapi_demo')")
    page.wait_for_selector(".o_form_view [name=root_path]")
    take(page, "endpoint_form")

    page.click("button[name=action_open_routes]")
    page.wait_for_selector(".o_list_view .o_data_row :text-is('/demo')")
    take(page, "routes")

    page.goto("/fastapi_demo/docs")
    page.click('[data-path="/demo/lang"]')
    page.click("button.try-out__btn")
    page.click("button.execute")
    page.wait_for_selector(".live-responses-table .response-col_status")
    page.evaluate("window.scrollTo(0, 0)")
    take(page, "swagger_ui")


def main(chromium: str, address: str, database: str) -> None:
    set_base_url(address, database)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            # as root, and in a container, Chromium has no sandbox
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = browser.new_page(base_url=address, viewport=SIZE, locale="en-US")
        take_all(page)
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
