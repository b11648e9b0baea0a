# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Keys of what belongs to one request, in the WSGI environ and the ASGI scope."""

__all__ = [
    "APP_KEY",
    "ENDPOINT_KEY",
    "EXCEPTION_KEY",
    "FAILURE_KEY",
    "FLUSH_KEY",
    "HANDLE_ERROR_KEY",
    "SCOPE_KEY",
    "TASKS_KEY",
]

#: Key of the WSGI environ: None, which is replaced by the ASGI scope of the request.
SCOPE_KEY = "odoo.fastapi.scope"
#: Key of the ASGI scope: the app outside of all mounted ones.
APP_KEY = "odoo.fastapi.app"
#: Key of the ASGI scope: the name of the endpoint.
ENDPOINT_KEY = "odoo.fastapi.endpoint"
#: Key of the ASGI scope: the list that takes the tasks. Without it, as in a test
#: client, tasks run as Starlette has it.
TASKS_KEY = "odoo.fastapi.tasks"
#: Key of the WSGI environ: an exception that the app is to answer, instead of routing.
EXCEPTION_KEY = "odoo.fastapi.exception"
#: Key of the WSGI environ: called without arguments when the handler and the teardown
#: of its dependencies are done, before anything of the response is sent. What it raises
#: is handled as an exception of the handler.
FLUSH_KEY = "odoo.fastapi.flush"
#: Key of the WSGI environ: turns an exception into a werkzeug response.
HANDLE_ERROR_KEY = "odoo.fastapi.handle_error"
#: Key of the ASGI scope: the :class:`RequestErrors` of the request.
FAILURE_KEY = "odoo.fastapi.failure"
