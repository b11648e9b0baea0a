# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from importlib.util import find_spec

from fastapi import APIRouter

from .crud import router as crud_router
from .echo import router as echo_router
from .failing import router as failing_router
from .faults import router as faults_router
from .identity import optional_partner
from .identity import router as identity_router
from .late import router as late_router
from .load import router as load_router
from .messages import router as messages_router
from .raising import router as raising_router
from .streams import router as streams_router
from .transactions import TeapotError
from .transactions import router as transactions_router
from .waits import router as waits_router
from .websockets import router as websockets_router
from .websocket_load import router as websocket_load_router

router = APIRouter()
router.include_router(crud_router)
router.include_router(echo_router)
router.include_router(failing_router)
router.include_router(faults_router)
router.include_router(identity_router)
router.include_router(late_router)
router.include_router(load_router)
router.include_router(messages_router, prefix="/messages")
router.include_router(raising_router)
router.include_router(streams_router)
router.include_router(transactions_router)
router.include_router(waits_router)
router.include_router(websockets_router)
router.include_router(websocket_load_router)

if find_spec("strawberry"):
    from .graphql import router as graphql_router

    router.include_router(graphql_router)
