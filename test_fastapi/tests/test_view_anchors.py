# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Elements of this addon's views that views of other addons refer to."""

from collections import Counter

from lxml import etree

from odoo.tests import TransactionCase, tagged

#: XML ids of views, with their elements in ``odoo-addon-fastapi`` 19.0.1.2.0.
ANCHORS = {
    "fastapi_endpoint_form_view": (
        "/form/header",
        "/form/sheet",
        "//field[@name='active']",
        "//field[@name='registry_sync']",
        "//div[@name='button_box']",
        "//div[hasclass('oe_button_box')]",
        "//button[@name='action_sync_registry']",
        "//widget[@name='web_ribbon']",
        "//div[hasclass('oe_title')]",
        "//label[@for='name']",
        "//h1/field[@name='name']",
        "//sheet/group/group",
        "//field[@name='app']",
        "//field[@name='route_group']",
        "//field[@name='root_path']",
        "//field[@name='user_id']",
        "//field[@name='company_id']",
        "//field[@name='description']",
        "//field[@name='save_http_session']",
        "//group[@name='resoures']",
        "//group[@name='resoures']/field[@name='docs_url']",
        "//group[@name='resoures']/field[@name='redoc_url']",
        "//group[@name='resoures']/field[@name='openapi_url']",
        "//span[@name='configuration']",
        "//span[@name='configuration']/following-sibling::"
        "group[@name='demo_app_configuration']/field[@name='demo_auth_method']",
    ),
    "fastapi_endpoint_search_view": (
        "/search/field[@name='name']",
        "/search/field[@name='app']",
        "/search/filter[@name='inactive']",
        "/search/group/filter[@name='groupby_app']",
    ),
    "fastapi_endpoint_tree_view": (
        "/list/field[@name='active']",
        "/list/field[@name='registry_sync']",
        "/list/field[@name='name']",
        "/list/field[@name='app']",
        "/list/field[@name='root_path']",
        "/list/field[@name='docs_url']",
        "/list/field[@name='redoc_url']",
        "/list/field[@name='openapi_url']",
        "/list/button[@name='action_sync_registry']",
    ),
}


@tagged("post_install", "-at_install")
class TestViewAnchors(TransactionCase):
    def inherit(self, xmlid, *specs):
        """Create a view of another addon; return the view that it extends."""
        view = self.env.ref(f"fastapi.{xmlid}")
        self.env["ir.ui.view"].create(
            {
                "name": "test",
                "model": "fastapi.endpoint",
                "inherit_id": view.id,
                "arch": f"<data>{''.join(specs)}</data>",
            }
        )
        return view

    def get_form(self):
        view = self.env.ref("fastapi.fastapi_endpoint_form_view")
        arch = self.env["fastapi.endpoint"].get_view(view.id, "form")["arch"]
        return etree.fromstring(arch)

    def test_anchors(self):
        for xmlid, anchors in ANCHORS.items():
            for anchor in anchors:
                with (
                    self.subTest(xmlid=xmlid, anchor=anchor),
                    self.env.cr.savepoint(),
                ):
                    self.inherit(
                        xmlid,
                        f'<xpath expr="{anchor}" position="attributes">'
                        '<attribute name="string">Found</attribute></xpath>',
                    )

    def test_added_fields_are_shown(self):
        self.inherit(
            "fastapi_endpoint_form_view",
            '<group name="resoures" position="inside"><field name="create_uid"/>'
            "</group>",
            '<group name="resoures" position="after"><group name="test">'
            '<field name="create_date"/></group></group>',
            '<field name="openapi_url" position="after"><field name="write_uid"/>'
            "</field>",
            '<field name="save_http_session" position="after">'
            '<field name="write_date"/></field>',
            '<header position="inside"><button name="action_sync_registry"'
            ' type="object" string="Test"/></header>',
        )
        form = self.get_form()
        for name in ("create_uid", "create_date", "write_uid", "write_date"):
            fields = form.xpath(f"//field[@name='{name}'][not(ancestor::field)]")
            self.assertEqual(len(fields), 1)

    def test_form_has_no_repeated_field_and_no_empty_group(self):
        form = self.get_form()
        # Fields of a list in the form belong to another model. Odoo adds what domains
        # need, also beside a field that only some groups see.
        fields = form.xpath("//field[not(ancestor::field)][not(@data-used-by)]")
        names = Counter(field.get("name") for field in fields)
        self.assertEqual([name for name, count in names.items() if count > 1], [])
        for group in form.iter("group"):
            self.assertIsNotNone(group.find(".//field"), etree.tostring(group))
