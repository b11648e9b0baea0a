# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Calls methods that need more rights than the user of an API has.

Odoo's methods often use other models. Creating a sales order takes a number from a
sequence, and reads prices, taxes and currencies. Confirming it may create deliveries
and projects. With :func:`checked_sudo`, the user of an API needs no rights on all these
models. It checks that the user may create or change the order, and then calls the
method with all rights.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from odoo.api import Environment
from odoo.exceptions import MissingError
from odoo.models import BaseModel

__all__ = ["checked_sudo"]

OPERATIONS = ("create", "read", "unlink", "write")


def checked_sudo(
    operation: str, method: Callable[..., Any], /, *args: Any, **kwargs: Any
) -> Any:
    """Call a method with all rights, if the user may do an operation on its records::

        checked_sudo("write", order.action_confirm)
        order = checked_sudo("create", env["sale.order"].create, vals)

    Access rights and record rules of all records are checked before the call. For
    ``create``, those of the new records are checked after it.

    The method and all that it calls are not restricted, as after ``sudo()``. User and
    context stay the same, so ``create_uid``, the author of messages and
    ``authenticated_partner_id`` are right. Records in the result have the user's rights
    again, also those in lists, tuples, sets and dictionaries.

    Arguments are not checked. ``RecordSchema.to_vals`` checks ids that come from a
    client. The schema decides which fields a client may set.

    :param operation: ``create``, ``read``, ``write`` or ``unlink``
    :param method: a bound method of the user's records. For ``create``, a method of the
        model that returns the new records.
    :return: the result of the method
    :raises AccessError: the user may not do the operation
    :raises MissingError: the records are not saved, or there are none. Not for
        ``create``.
    :raises RuntimeError: the user is the superuser (OdooBot), for whom nothing can be
        checked. ``sudo()`` on the records does not matter.
    :raises TypeError: ``method`` is not a method of records, is asynchronous or a
        generator, or is for ``create`` and does not return records
    :raises ValueError: the operation is unknown
    """
    if not (inspect.ismethod(method) and isinstance(method.__self__, BaseModel)):
        raise TypeError(f"{method!r} is not a method of records.")
    records = method.__self__
    name = f"{records._name}.{method.__name__}"
    if operation not in OPERATIONS:
        raise ValueError(f"{operation!r} is not one of {', '.join(OPERATIONS)}.")
    if (
        inspect.isgeneratorfunction(method)
        or inspect.iscoroutinefunction(method)
        or inspect.isasyncgenfunction(method)
    ):
        raise TypeError(f"{name} would still run after it has returned.")
    caller = records.sudo(False)
    if caller.env.su:
        raise RuntimeError(
            f"{name} can't be called for the superuser, for whom there is nothing to "
            "check. Choose another user for the endpoint."
        )
    # BaseModel._check_access applies no record rules to unsaved records
    if operation != "create" and not (records and all(records._ids)):
        raise MissingError(records.env._("There is no such record."))
    caller.check_access(operation)
    result = method.__func__(records.sudo(), *args, **kwargs)
    if operation == "create":
        if not isinstance(result, BaseModel) or result._name != records._name:
            raise TypeError(f"{name} has to return the records that it has created.")
        result.with_env(caller.env).check_access(operation)
    return _with_env(result, records.env)


def _with_env(value: Any, env: Environment) -> Any:
    """Replace the environment of all records in a value."""
    if isinstance(value, BaseModel):
        return value.with_env(env)
    if isinstance(value, dict):
        return {
            _with_env(key, env): _with_env(item, env) for key, item in value.items()
        }
    if type(value) in (list, tuple, set, frozenset):
        return type(value)(_with_env(item, env) for item in value)
    return value
