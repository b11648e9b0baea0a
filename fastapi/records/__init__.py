# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Schemas that read records, filters and pages of lists."""

from .schema import BinaryLink, ModelReference, RecordSchema, Reference, Source

__all__ = ["BinaryLink", "ModelReference", "RecordSchema", "Reference", "Source"]
