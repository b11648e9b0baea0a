# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Methods of a model that need more rights than the user of an API has.

What Odoo's models do to one record reaches many others. Creating a sales order takes a
number from a sequence, and reads prices, taxes and currencies; confirming it may create
deliveries and projects, depending on the addons that are installed. The user of an API
needs no rights on all that: what counts is whether it may create, or change, this very
order. :func:`checked_sudo` checks that, and then calls the method with all rights.
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
    """Call a method of records with all rights, if the caller may do an operation::

        checked_sudo("write", order.action_confirm)
        order = checked_sudo("create", env["sale.order"].create, vals)

    Before the call, the user of the records must have the access rights for the
    operation, and the record rules must allow it on all of the records. What a method
    for ``create`` has created is checked after the call; an error then rolls back the
    request, as any other.

    The method, with everything that it calls, is not restricted, as after ``sudo()``.
    The user stays the same, so ``create_uid`` and the author of messages are right, and
    the context does, with ``authenticated_partner_id``. Records in what the method
    returns have the caller's rights again, also those in lists, tuples, sets and
    dictionaries.

    Arguments are not checked: what they say is done. Ids that come from a client are
    checked by ``RecordSchema.to_vals``, with the records of the caller; which fields a
    client may set is up to the schema.

    :param operation: ``create``, ``read``, ``write`` or ``unlink``: what the caller has
        to be allowed to do to the records
    :param method: a method of the caller's records. For ``create``, one of their model
        that returns the new records.
    :return: what the method returns
    :raises AccessError: the user may not do the operation
    :raises MissingError: there are no saved records, unless some are created
    :raises RuntimeError: the user is the superuser (OdooBot), who has no rights that
        could be checked. Records after ``sudo()`` are checked as those without.
    :raises TypeError: not a method of records; one that goes on after it has returned
        (asynchronous, a generator); one for ``create`` that returns no records
    :raises ValueError: another operation
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
        raise TypeError(f"{name} would go on when it has returned.")
    caller = records.sudo(False)
    if caller.env.su:
        raise RuntimeError(
            f"{name} can't be called for the superuser, for whom there is nothing to "
            "check. Choose another user for the endpoint."
        )
    # unsaved ones would pass: no record rule is for them (BaseModel._check_access)
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
    """Return a value whose records, wherever they are in it, have the environment."""
    if isinstance(value, BaseModel):
        return value.with_env(env)
    if isinstance(value, dict):
        return {
            _with_env(key, env): _with_env(item, env) for key, item in value.items()
        }
    if type(value) in (list, tuple, set, frozenset):
        return type(value)(_with_env(item, env) for item in value)
    return value
