# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tests import BaseCase

from ..mounts import Mount, MountTable, is_alone


def make_mount(root_path, **values):
    return Mount(
        **{
            "endpoint_id": 1,
            "root_path": root_path,
            "uid": 2,
            "app_version": "v1",
            "routing": {},
            **values,
        }
    )


class TestMount(BaseCase):
    def test_equal_values_are_not_the_same_mount(self):
        one, two = make_mount("/api"), make_mount("/api")
        self.assertNotEqual(one, two)
        self.assertEqual(len({one, two}), 2)

    def test_function_of_a_routing_rule(self):
        # odoo.http: ``endpoint.func.__self__`` goes to callables in ``routing``
        mount = make_mount("/api")
        self.assertIs(mount.func.__self__, mount)


class TestMountTable(BaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.table = MountTable(
            [
                make_mount(path)
                for path in (
                    "/api",
                    "/api/v1",
                    "/api/v1/admin",
                    "/deep/er/path",
                    "/café",
                )
            ],
            sequence=3,
        )

    def _assert_found(self, path, root_path):
        mount = self.table.find(path)
        self.assertEqual(mount.root_path if mount else None, root_path, path)

    def test_sequence_of_the_table(self):
        self.assertEqual(self.table.sequence, 3)

    def test_archived(self):
        table = MountTable([], 0, ["/old", "/api/v0"])
        for path in ("/old", "/old/", "/old/items", "/api/v0/x"):
            self.assertTrue(table.is_archived(path), path)
        for path in ("/older", "/api", "/api/v", "/", "", "/x/old"):
            self.assertFalse(table.is_archived(path), path)
        self.assertFalse(self.table.is_archived("/api"))

    def test_unreadable(self):
        table = MountTable([], 0, unreadable=["/api/v0"])
        for path in ("/api/v0", "/api/v0/items"):
            self.assertTrue(table.is_unreadable(path), path)
            self.assertFalse(table.is_archived(path), path)
        for path in ("/api", "/api/v01", "/web/login"):
            self.assertFalse(table.is_unreadable(path), path)

    def test_root_path_itself(self):
        for path in ("/api", "/api/v1", "/deep/er/path", "/café"):
            self._assert_found(path, path)

    def test_path_below(self):
        self._assert_found("/api/items/7", "/api")
        self._assert_found("/deep/er/path/x/y/z", "/deep/er/path")
        self._assert_found("/café/日本", "/café")

    def test_longest_one_wins(self):
        self._assert_found("/api/v1/items", "/api/v1")
        self._assert_found("/api/v1/admin/users", "/api/v1/admin")
        self._assert_found("/api/v2/admin", "/api")

    def test_whole_segments(self):
        self._assert_found("/apix", None)
        self._assert_found("/api-copy/items", None)
        self._assert_found("/api/v1x", "/api")
        self._assert_found("/api/v1/administrator", "/api/v1")

    def test_parent_of_a_root_path(self):
        self._assert_found("/deep/er", None)
        self._assert_found("/deep", None)

    def test_trailing_slashes(self):
        self._assert_found("/api/", "/api")
        self._assert_found("/api/v1//", "/api/v1")
        self._assert_found("/api/v1/items/", "/api/v1")

    def test_doubled_slashes(self):
        self._assert_found("/api//items", "/api")
        self._assert_found("/api//v1/items", "/api")
        self._assert_found("//api", None)

    def test_case_counts(self):
        self._assert_found("/API", None)

    def test_nothing(self):
        for path in ("", "/", "//", "x", "web", "/web/login", "/x/api"):
            self._assert_found(path, None)

    def test_empty_table(self):
        self.assertIsNone(MountTable([], 0).find("/api"))

    def test_long_path_costs_no_more_than_the_deepest_root_path(self):
        asked = []

        class RecordingTable(dict):
            def get(self, path):
                asked.append(path)
                return self[path] if path in self else None

        self.table.by_root_path = RecordingTable(self.table.by_root_path)
        for path in ("/a" * 30_000, "/" * 60_000, "/api" + "/x" * 30_000, "x" * 60_000):
            asked.clear()
            mount = self.table.find(path)
            self.assertEqual(bool(mount), path.startswith("/api"))
            self.assertLessEqual(len(asked), len("/deep/er/path".split("/")) - 1)
            self.assertTrue(all(len(part) <= len("/deep/er/path/") for part in asked))

    def test_root_path_that_is_not_clean(self):
        # from before this addon, or from SQL
        table = MountTable([make_mount(path) for path in ("/", "/old/", "none")], 0)
        for path in ("/", "/old/", "/old", "/old//x", "none", "none/x", "/none"):
            self.assertIsNone(table.find(path), path)

    def test_mount_is_the_one_that_was_given(self):
        mount = make_mount("/api")
        self.assertIs(MountTable([mount], 0).find("/api/x"), mount)


class TestIsAlone(BaseCase):
    def test_rules_elsewhere(self):
        rules = ("/", "/web/<path:name>", "/apis", "/apis/<name>", "/x/api/<name>")
        self.assertTrue(is_alone("/api", rules))
        self.assertTrue(is_alone("/api", ()))

    def test_rules_at_or_below_a_root_path(self):
        for rule in ("/api", "/api/", "/api/x", "/api/<name>", "/api/x/<int:id>"):
            self.assertFalse(is_alone("/api", [rule]), rule)

    def test_variables_may_be_anything(self):
        for rule in ("/<name>", "/<path:name>", "/a<name>", "/api<name>", "<name>"):
            self.assertFalse(is_alone("/api", [rule]), rule)
            self.assertFalse(is_alone("/api/v1", [rule]), rule)
        self.assertFalse(is_alone("/deep/path", ["/deep/<name>"]))
        self.assertTrue(is_alone("/deep/path", ["/other/<name>", "/deeper/<name>"]))
