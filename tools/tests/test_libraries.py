# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import layout
from commands.libraries import Result, get_results, get_table, read_modules

LIST = """
# a comment
slow-api[all]>=1  # test_library_slow
sentry-sdk>=2.0  # test_library_sentry
redis>=8
"""


def test_each_requirement_names_its_tests() -> None:
    assert read_modules(LIST) == {
        "test_library_slow": "slow-api",
        "test_library_sentry": "sentry-sdk",
    }


def test_each_module_of_tests_is_in_the_list() -> None:
    modules = read_modules((layout.REQUIREMENTS / "libraries.txt").read_text())
    files = {path.stem for path in layout.ROOT.glob("*/tests/test_library_*.py")}
    assert files <= set(modules)


def test_the_table_says_what_fails() -> None:
    report = """
        <testsuites><testsuite>
            <testcase classname="test_fastapi.tests.test_library_slow.TestX"
                name="test_a"/>
            <testcase classname="test_fastapi.tests.test_library_slow.TestX"
                name="test_b"/>
            <testcase classname="test_fastapi.tests.test_library_slow.TestX"
                name="test_b"><failure/></testcase>
            <testcase classname="test_fastapi.tests.test_other.TestX"
                name="test_c"><failure/></testcase>
        </testsuite></testsuites>
    """
    results = get_results(report, read_modules(LIST), {"slow-api": "1.2"})
    assert results == [
        Result("slow-api", "1.2", 1, ["b"]),
        Result("sentry-sdk", "", 0, []),
    ]
    assert get_table(results).splitlines() == [
        "| library    | version | tests | verdict  |",
        "| ---------- | ------- | ----- | -------- |",
        "| slow-api   | 1.2     | 2     | fails: b |",
        "| sentry-sdk |         | 0     | not run  |",
    ]
