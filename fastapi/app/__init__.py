# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What is done to a FastAPI app when it is built, and how it documents itself.

``prepare`` is the entry point: it calls the other modules once for each app, so that a
request pays nothing for them.
"""
