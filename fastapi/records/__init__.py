# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Schemas that read records, filters and pages of lists."""

from .from_model import ModelSchema, schema_from
from .schema import BinaryLink, ModelReference, RecordSchema, Reference, Source

__all__ = [
    "BinaryLink",
    "ModelReference",
    "ModelSchema",
    "RecordSchema",
    "Reference",
    "Source",
    "schema_from",
]
