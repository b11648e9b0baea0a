# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Take the pictures: ``take_screenshots.py CHROMIUM ADDRESS DATABASE``.

Runs under the Python that has Playwright, in the checkout's folder.
"""

import sys
import xmlrpc.client
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

FOLDER = Path("fastapi/static/description")
#: Pictures that no document shows: of small screens, and in the dark.
MORE = Path(".odoo/screenshots")
SIZES = {"large": (1280, 760), "small": (400, 760)}  # pixels
BASE_URL = {
    "web.base.url": "https://odoo.example.com",
    "web.base.url.freeze": "True",
}

FORM = ".o_form_view [name=root_path]"
LIST = "/odoo/fastapi-endpoints"
ROUTES = "button[name=action_open_routes]"


def log_in(page: Page) -> Page:
    page.goto("/web/login")
    page.fill("input[name=login]", "admin")
    page.fill("input[name=password]", "admin")
    page.click("button[type=submit]:not([disabled])")
    page.wait_for_selector(".o_main_navbar")
    return page


def take(page: Page, name: str, selector: str = "body", folder: Path = MORE) -> None:
    """Take a picture when an element is there, scrolled into view."""
    page.locator(selector).first.scroll_into_view_if_needed()
    page.evaluate("document.fonts.ready.then(() => true)")
    page.wait_for_selector(".o_loading_indicator", state="detached")
    # no hover effects
    page.mouse.move(page.evaluate("innerWidth") - 1, page.evaluate("innerHeight") - 1)
    path = folder / f"{name}.png"
    page.screenshot(path=path)
    print(f"    {path}")


def open_operation(page: Page) -> None:
    page.goto("/fastapi_demo/docs")
    page.click('[data-path="/demo/lang"]')
    page.click("button.try-out__btn")
    page.click("button.execute")
    page.wait_for_selector(".live-responses-table .response-col_status")
    page.evaluate("window.scrollTo(0, 0)")


def take_described(page: Page) -> None:
    """Take the pictures that the documents show."""
    page.goto(LIST)
    take(page, "endpoint_list", ".o_list_view .o_data_row", FOLDER)
    page.click(".o_data_row :text-is('/fastapi_demo')")
    take(page, "endpoint_form", FORM, FOLDER)
    page.click(ROUTES)
    take(page, "routes", ".o_list_view .o_data_row :text-is('/demo')", FOLDER)
    open_operation(page)
    take(page, "swagger_ui", folder=FOLDER)


def take_small(page: Page) -> None:
    """Take pictures of the backend as a telephone shows it."""
    page.goto(LIST)
    take(page, "small_list", ".o_kanban_record:not(.o_kanban_ghost)")
    page.click(".o_kanban_record :text-is('/fastapi_demo')")
    take(page, "small_form", FORM)
    page.click(".o_button_more")
    page.click(ROUTES)
    take(page, "small_routes", ".o_kanban_record :text-is('/demo')")
    page.goto(f"{LIST}/new")
    page.fill(".o_field_widget[name=root_path] input", "/web/api")
    page.keyboard.press("Tab")
    take(page, "small_error", "[name=root_path_error]")


def take_keys(page: Page, size: str) -> None:
    """Take pictures of API keys: the way on the form, all keys, a new one."""
    page.goto(LIST)
    page.click(":text-is('/my_demo_api')")
    page.wait_for_selector(FORM)
    take(page, f"{size}_auth", "[name=auth_summary]")
    page.click(".nav-link[name=api_keys]")
    take(page, f"{size}_keys", "button[name=action_new_key]")
    page.click("button[name=action_new_key]")
    page.fill(".modal .o_field_widget[name=password] input", "admin")
    page.click(".modal button[name=run_check]")
    page.wait_for_selector(".modal button[name=make_key]")
    if size == "small":
        return take(page, f"{size}_new_key")
    page.fill(".modal .o_field_widget[name=name] input", "Web shop, reads services")
    page.fill(".modal .o_field_widget[name=user_id] input", "Marc Demo")
    page.click(".o-autocomplete--dropdown-item :text-is('Marc Demo')")
    page.fill(".modal .o_field_widget[name=scopes] input", "services:read")
    take(page, f"{size}_new_key")
    page.click(".modal button[name=make_key]")
    take(page, f"{size}_key", ".modal .o_field_widget[name=curl_command]")


def take_documentation(page: Page, name: str) -> None:
    """Take pictures of the documentation pages."""
    open_operation(page)
    take(page, f"{name}_swagger_ui")
    page.click(".auth-wrapper .btn.authorize")
    take(page, f"{name}_authorize", ".auth-container")
    page.goto("/fastapi_demo/redoc")
    take(page, f"{name}_redoc", "[data-section-id] h2")


def main(chromium: str, address: str, database: str) -> None:
    with xmlrpc.client.ServerProxy(f"{address}/xmlrpc/2/object") as proxy:
        for item in BASE_URL.items():
            call = ("ir.config_parameter", "set_param", item)
            proxy.execute_kw(database, 2, "admin", *call)
    MORE.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        # as root, and in a container, Chromium has no sandbox
        options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=chromium, args=options)
        for size, (width, height) in SIZES.items():
            for scheme in ("light", "dark"):
                page = browser.new_page(
                    base_url=address,
                    viewport={"width": width, "height": height},
                    color_scheme="dark" if scheme == "dark" else "light",
                    locale="en-US",
                )
                take_documentation(page, f"{size}_{scheme}")
                if scheme == "light":
                    log_in(page)
                    (take_described if size == "large" else take_small)(page)
                    take_keys(page, size)
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
