# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""All routes of the app ``my_demo``, one file for each first segment."""

from fastapi import APIRouter

from .bank_accounts import router as bank_accounts_router
from .echo import router as echo_router
from .endpoint_app_info import router as endpoint_app_info_router
from .partners import router as partners_router

__all__ = ["router"]

router = APIRouter()
router.include_router(bank_accounts_router)
router.include_router(echo_router)
router.include_router(endpoint_app_info_router)
router.include_router(partners_router)
