# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``odoo api openapi``: prints or checks the OpenAPI document of an endpoint."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi.openapi.models import OpenAPI
from pydantic import ValidationError

from ..exceptions import CommandError
from ._breaking_changes import find_breaking_changes
from ._database import find_endpoint, get_document, open_env

if TYPE_CHECKING:
    import argparse

__all__ = ["run"]


def run(args: argparse.Namespace) -> int:
    """Print the document, or its breaking changes. Return 1 if there are any."""
    old = _read(args.check) if args.check else None
    with open_env(args.database) as env:
        document = get_document(find_endpoint(env, args.endpoint))
    if old is None:
        json.dump(_sort(document), sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
        return 0
    changes = find_breaking_changes(old, document)
    sys.stdout.writelines(f"{change}\n" for change in changes)
    return 1 if changes else 0


def _sort(document: dict[str, Any]) -> dict[str, Any]:
    """Sort paths and components, so that the order of the routers does not matter.

    Other objects, such as the fields of a schema, keep their order.
    """
    document = {**document, "paths": document.get("paths", {})}
    for key in document.keys() & {"paths", "components"}:
        document[key] = {
            name: dict(sorted(found.items()))
            for name, found in sorted(document[key].items())
        }
    return document


def _read(path: Path) -> dict[str, Any]:
    """Read a document from a file.

    :raises CommandError: the file is not an OpenAPI document
    """
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        OpenAPI.model_validate(document)
    except OSError as err:
        raise CommandError(f"can't read {path}: {err.strerror}") from err
    except ValidationError as err:
        error = err.errors()[0]
        place = ".".join(map(str, error["loc"])) or "it"
        raise CommandError(
            f"{path} is not an OpenAPI document: {place}: {error['msg']}"
        ) from err
    except ValueError as err:
        raise CommandError(f"{path} is not JSON: {err}") from err
    return document
