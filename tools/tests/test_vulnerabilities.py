# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The oldest libraries that the manifests allow have no known vulnerability.

Holds what an audit of the oldest versions has found (``pip-audit``, or the advisories
on GitHub). A new advisory is a new line here, which fails until the bound is raised.
"""

import pytest

import layout

#: Library, advisory, and the version that it is fixed in.
FIXES = [
    ("anyio", "CVE-2026-63374", "4.14.2"),
    ("anyio", "CVE-2026-64847", "4.14.2"),
    ("fastapi", "CVE-2024-24762", "0.109.1"),
    # of DOMPurify, in the Swagger UI and the ReDoc that the package ships
    ("fastapi-offline", "CVE-2025-15599, CVE-2026-0540", "1.7.7"),
    ("markdown-it-py", "CVE-2023-26302", "2.2.0"),
    ("markdown-it-py", "CVE-2023-26303", "2.2.0"),
    ("pydantic", "CVE-2024-3772", "2.4.0"),
    ("python-multipart", "CVE-2024-53981", "0.0.18"),
    ("python-multipart", "CVE-2026-24486", "0.0.22"),
    ("python-multipart", "CVE-2026-40347", "0.0.26"),
    ("python-multipart", "CVE-2026-42561", "0.0.27"),
    ("python-multipart", "CVE-2026-53537", "0.0.30"),
    ("python-multipart", "CVE-2026-53538", "0.0.30"),
    ("python-multipart", "CVE-2026-53539", "0.0.30"),
    ("python-multipart", "CVE-2026-53540", "0.0.31"),
    ("starlette", "CVE-2025-54121", "0.47.2"),
    ("starlette", "CVE-2025-62727", "0.49.1"),
    ("starlette", "CVE-2026-48710", "1.0.1"),
    ("starlette", "CVE-2026-48817", "1.1.0"),
    ("starlette", "CVE-2026-48818", "1.1.0"),
    ("starlette", "CVE-2026-54282", "1.3.0"),
    ("starlette", "CVE-2026-54283", "1.3.1"),
]


def get_numbers(version: str) -> list[int]:
    return [int(number) for number in version.split(".")]


@pytest.mark.parametrize(("library", "advisory", "fixed"), FIXES)
def test_bound_is_not_below_the_fix(library: str, advisory: str, fixed: str) -> None:
    lines = (layout.ROOT / "requirements.txt").read_text().splitlines()
    bounds = dict(line.split(">=") for line in lines if ">=" in line)
    assert get_numbers(bounds[library]) >= get_numbers(fixed), advisory
