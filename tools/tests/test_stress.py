# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from commands.stress import get_table


def test_table_says_what_was_lost():
    rows = [
        {"case": "nothing leaks", "tried": 10000, "failures": 0},
        {"case": "nothing is lost", "tried": 500, "failures": 2},
    ]
    assert get_table(rows).splitlines() == [
        "| case            |  tried | lost or leaked | verdict |",
        "| --------------- | -----: | -------------: | ------- |",
        "| nothing leaks   | 10,000 |              0 | held    |",
        "| nothing is lost |    500 |              2 | failed  |",
    ]
