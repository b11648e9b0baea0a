# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Start pytest in the virtual environment, without the checkout on Python's path.

``python -m pytest`` would put it there; and the ``pytest`` in ``bin`` is missing if
the environment that this one is built on has it already.
"""

import sys

import pytest

if __name__ == "__main__":
    del sys.path[0]  # this script's folder
    sys.exit(pytest.main())
