# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Take the pictures: ``take_screenshots.py CHROMIUM ADDRESS DATABASE``.

Runs under the Python that has Playwright, in the checkout's folder.
"""

import sys
import xmlrpc.client
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page, ViewportSize, sync_playwright

ColorScheme = Literal["light", "dark"]

FOLDER = Path("fastapi/static/description")
#: Pictures that no document shows: of small screens, and in the dark.
MORE = Path(".odoo/screenshots")
SIZE = {"width": 1280, "height": 760}  # pixels
SMALL = {"width": 400, "height": 760}  # pixels


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


def take(page: Page, name: str, folder: Path = FOLDER) -> None:
    page.evaluate("document.fonts.ready.then(() => true)")
    page.wait_for_selector(".o_loading_indicator", state="detached")
    # no hover effects
    page.mouse.move(page.viewport_size["width"] - 1, SIZE["height"] - 1)
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

    open_operation(page)
    take(page, "swagger_ui")


def take_small(page: Page) -> None:
    """Take pictures of the backend as a telephone shows it."""
    log_in(page)
    page.goto("/odoo/fastapi-endpoints")
    page.wait_for_selector(".o_kanban_record:not(.o_kanban_ghost)")
    take(page, "small_list", MORE)
    page.click(".o_kanban_record :text-is('/fastapi_demo')")
    page.wait_for_selector(".o_form_view [name=root_path]")
    take(page, "small_form", MORE)
    page.click(".o_button_more")
    page.click("button[name=action_open_routes]")
    page.wait_for_selector(".o_kanban_record :text-is('/demo')")
    take(page, "small_routes", MORE)
    page.goto("/odoo/fastapi-endpoints/new")
    page.fill(".o_field_widget[name=root_path] input", "/web/api")
    page.keyboard.press("Tab")
    page.wait_for_selector("[name=root_path_error]")
    take(page, "small_error", MORE)


def open_new_key(page: Page, name: str) -> None:
    """Open what makes an API key, on the way past the field that chooses the way."""
    log_in(page)
    page.goto("/odoo/fastapi-endpoints")
    page.click(":text-is('/my_demo_api')")
    page.wait_for_selector(".o_form_view [name=root_path]")
    page.locator("[name=auth_summary]").scroll_into_view_if_needed()
    take(page, f"{name}_auth", MORE)
    page.click(".nav-link[name=api_keys]")
    page.locator("button[name=action_new_key]").scroll_into_view_if_needed()
    take(page, f"{name}_keys", MORE)
    page.click("button[name=action_new_key]")
    page.fill(".modal .o_field_widget[name=password] input", "admin")
    page.click(".modal button[name=run_check]")
    page.wait_for_selector(".modal button[name=make_key]")


def take_keys(page: Page, small_page: Page) -> None:
    """Take pictures of API keys: a new one, what shows it, the page with all."""
    open_new_key(page, "large")
    page.fill(".modal .o_field_widget[name=name] input", "Web shop, reads services")
    page.fill(".modal .o_field_widget[name=user_id] input", "Marc Demo")
    page.click(".o-autocomplete--dropdown-item :text-is('Marc Demo')")
    page.fill(".modal .o_field_widget[name=scopes] input", "services:read")
    take(page, "large_new_key", MORE)
    page.click(".modal button[name=make_key]")
    page.wait_for_selector(".modal .o_field_widget[name=curl_command]")
    take(page, "large_key", MORE)
    page.click(".modal .btn-primary")
    page.wait_for_selector(".o_data_row :text('Web shop, reads services')")
    open_new_key(small_page, "small")
    take(small_page, "small_new_key", MORE)


def take_documentation(page: Page, name: str) -> None:
    """Take pictures of the documentation pages."""
    open_operation(page)
    take(page, f"{name}_swagger_ui", MORE)
    page.click(".auth-wrapper .btn.authorize")
    page.wait_for_selector(".auth-container")
    take(page, f"{name}_authorize", MORE)
    page.goto("/fastapi_demo/redoc")
    page.wait_for_selector("[data-section-id] h2")
    take(page, f"{name}_redoc", MORE)


def main(chromium: str, address: str, database: str) -> None:
    set_base_url(address, database)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            # as root, and in a container, Chromium has no sandbox
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )

        def new_page(size: ViewportSize, scheme: ColorScheme = "light") -> Page:
            return browser.new_page(
                base_url=address, viewport=size, color_scheme=scheme, locale="en-US"
            )

        take_described(new_page(SIZE))
        MORE.mkdir(parents=True, exist_ok=True)
        take_small(new_page(SMALL))
        take_keys(new_page(SIZE), new_page(SMALL))
        for scheme in ("light", "dark"):
            take_documentation(new_page(SIZE, scheme), scheme)
            take_documentation(new_page(SMALL, scheme), f"small_{scheme}")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
