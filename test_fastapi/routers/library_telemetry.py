# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""An app that does nothing for OpenTelemetry: the environment switches it on."""

from fastapi import FastAPI


class Trouble(Exception):
    pass


def set_up(app: FastAPI) -> None:
    @app.get("/items/{item_id}")
    def read_item(item_id: int) -> int:
        return item_id

    @app.get("/fail/{number}")
    def fail(number: int) -> None:
        raise Trouble(number)
