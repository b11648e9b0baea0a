# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from fastapi import APIRouter

from .rates import router as rates_router

router = APIRouter()
router.include_router(rates_router)
