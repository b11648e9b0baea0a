# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Removes the secret values of YAML, of which the end may be missing.

Its values may have spaces and several lines, without any quotes. What is in braces and
brackets is left to the rules for other texts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .json_secrets import REMOVED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .secret_names import Secrets

__all__ = ["clean_yaml"]

#: A line with a key, which may be the first one of an item of a list.
_KEY = re.compile(
    r"""(?P<indent>[ \t]*(?:-[ \t]+)*)"""
    r"""(?P<key>["']?[\w.-]+["']?):(?=\s|$)(?P<value>.*)"""
)
_QUOTES = "\"'"


def clean_yaml(text: str, secrets: Secrets) -> str:
    """Return YAML without the values of secret keys."""
    return "".join(_clean_lines(text, secrets))


def _clean_lines(text: str, secrets: Secrets) -> Iterator[str]:
    column = None  # of the last key, if it is secret
    for line in text.splitlines(keepends=True):
        content = line.strip()
        if column is not None:
            indent = len(line) - len(line.lstrip())
            # the items of a list need not be indented
            is_item = content.startswith("- ") and indent == column
            if not content or indent > column or is_item:
                secrets.add(content.removeprefix("- ").strip(_QUOTES))
                continue
        match = _KEY.match(line)
        column = None
        if match is not None and secrets.is_secret(match["key"]):
            column = len(match["indent"])
            secrets.add(match["value"].strip().strip(_QUOTES))
            line = f"{match['indent']}{match['key']}: {REMOVED}\n"
        yield line
