# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Take the pictures: ``take_screenshots.py CHROMIUM ADDRESS DATABASE ADDON``.

Runs under the Python that has Playwright, in the checkout's folder.
"""

import sys
import xmlrpc.client
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

SIZE: ViewportSize = {"width": 1280, "height": 760}  # pixels
MOBILE: ViewportSize = {"width": 400, "height": 800}  # pixels
BASE_URL = {
    "web.base.url": "https://odoo.example.com",
    "web.base.url.freeze": "True",
}
#: Whether the graph looks as it did when this was asked before.
STANDS_STILL = """() => {
    const before = window.lastGraph;
    window.lastGraph = document.querySelector("canvas").toDataURL();
    return before === window.lastGraph;
}"""


class Pictures:
    """Takes pictures of pages, into the folder of an addon."""

    def __init__(self, browser: Browser, address: str, addon: str) -> None:
        self.browser = browser
        self.address = address
        self.folder = Path(addon, "static", "description")
        #: End of the pictures' names.
        self.suffix = ""

    def open(self, mobile: bool = False) -> Page:
        """Return a page of the administrator, who is logged in."""
        self.suffix = "_mobile" if mobile else ""
        page = self.browser.new_page(
            base_url=self.address,
            viewport=MOBILE if mobile else SIZE,
            has_touch=mobile,
            is_mobile=mobile,
            locale="en-US",
            # Odoo's sheet at the bottom closes if it is clicked while it slides in
            reduced_motion="reduce",
        )
        page.goto("/web/login")
        page.fill("input[name=login]", "admin")
        page.fill("input[name=password]", "admin")
        page.click("button[type=submit]:not([disabled])")
        page.wait_for_selector(".o_main_navbar")
        return page

    def take(self, page: Page, name: str, selector: str = "body") -> None:
        """Take a picture when an element is there, scrolled into view."""
        page.locator(selector).first.scroll_into_view_if_needed()
        page.evaluate("document.fonts.ready.then(() => true)")
        page.wait_for_selector(".o_loading_indicator", state="detached")
        # no hover effects
        page.mouse.move(
            page.evaluate("innerWidth") - 1, page.evaluate("innerHeight") - 1
        )
        path = self.folder / f"{name}{self.suffix}.png"
        page.screenshot(path=path, animations="disabled")
        print(f"    {path}")


def take_fastapi(pictures: Pictures) -> None:
    page, take = pictures.open(), pictures.take
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


def take_request_log(pictures: Pictures) -> None:
    take = pictures.take
    for mobile in (False, True):
        page = pictures.open(mobile)
        row = ".o_kanban_record" if mobile else ".o_data_row"
        view = ".o_kanban_view" if mobile else ".o_list_view"
        page.goto("/odoo/fastapi-endpoints")
        take(page, "endpoint_list", f"{view} {row}:has-text('Failing')")
        page.click(f"{row} :text-is('/fastapi_demo')")
        take(page, "endpoint", ".o_form_view [name=failing]")
        page.goto("/odoo/fastapi-endpoints")
        page.click(f"{row} :text-is('/my_demo_api')")
        if mobile:
            page.click(".o_cp_action_menus ~ * .fa-bolt, button:has(.fa-bolt)")
        page.click("[name=action_open_routes]")
        take(page, "routes", f"{row} :text-is('/echo')")
        page.goto("/odoo/fastapi-request-log")
        take(page, "request_log_list", f"{view} {row}")
        page.click(f"{row}:has-text('500')")
        page.wait_for_selector(".o_form_view [name=curl]")
        take(page, "request_log_form")
        take(page, "request_log_bodies", "[name=response_body_text]")
        page.goto("/odoo/fastapi-usage")
        page.wait_for_selector(".o_graph_renderer canvas")
        page.wait_for_function(STANDS_STILL, polling=700)
        take(page, "usage_graph")
        switch_view(page, "pivot", mobile)
        take(page, "usage_pivot", ".o_pivot table td")
        page.close()


def take_limits(pictures: Pictures) -> None:
    for mobile in (False, True):
        page = pictures.open(mobile)
        row = ".o_kanban_record" if mobile else ".o_data_row"
        page.goto("/odoo/fastapi-endpoints")
        page.click(f"{row} :text-is('/my_demo_api')")
        pictures.take(page, "rates", ".o_form_view [name=rate_by_address]")
        page.goto("/odoo/fastapi-refused-callers")
        pictures.take(page, "refused_callers", f"{row}:has-text('Webshop')")
        page.close()


def take_mcp_server(pictures: Pictures) -> None:
    for mobile in (False, True):
        page = pictures.open(mobile)
        row = ".o_kanban_record" if mobile else ".o_data_row"
        page.goto("/odoo/fastapi-endpoints")
        page.click(f"{row} :text-is('/my_demo_agent')")
        pictures.take(page, "endpoint", ".o_form_view [name=mcp_buttons]")
        page.click("[name=action_connect_mcp_client]")
        pictures.take(page, "connect", ".modal [name=text]")
        page.click(".modal footer .btn-primary")
        page.wait_for_selector(".modal", state="detached")
        page.click("[name=mcp_buttons] [name=action_open_mcp_tools]")
        pictures.take(page, "tools", f"{row}:has-text('find_contacts')")
        page.click(f"{row}:has-text('schedule_activity')")
        pictures.take(page, "tool", ".o_form_view [name=arguments]")
        page.close()


def switch_view(page: Page, view: str, mobile: bool) -> None:
    if mobile:
        page.click(".o_cp_switch_buttons button")
        page.click(f".dropdown-item:has(.oi-view-{view})")
    else:
        page.click(f".o_switch_view.o_{view}")


#: What takes the pictures of an addon.
ADDONS = {
    "fastapi": take_fastapi,
    "fastapi_request_log": take_request_log,
    "fastapi_limits": take_limits,
    "fastapi_mcp_server": take_mcp_server,
}


def main(chromium: str, address: str, database: str, addon: str) -> None:
    with xmlrpc.client.ServerProxy(f"{address}/xmlrpc/2/object") as proxy:
        for item in BASE_URL.items():
            call = ("ir.config_parameter", "set_param", item)
            proxy.execute_kw(database, 2, "admin", *call)
    with sync_playwright() as playwright:
        # as root, and in a container, Chromium has no sandbox
        options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=chromium, args=options)
        ADDONS[addon](Pictures(browser, address, addon))
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
