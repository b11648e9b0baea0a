# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the benchmark makes of its figures, without a server."""

from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import other_addons
import pytest
from apps import ManyRoutes
from endpoints import Scale
from growth import Series, fit
from load import Request, Result
from machine import MAX_LOAD, MAX_OTHERS, Load, Machine, find_noise
from prepare import get_parser
from report import (
    NO_VALGRIND,
    describe_noise,
    get_bars,
    get_targets,
    render_addons,
    render_growth,
    render_instructions,
    render_speed,
    write_section,
)
from run import Run
from speed import NATIVE, Different, Row, check_size
from transfers import Transfer
from works import WORKS, Work

SIZES = (10, 30, 100, 300, 1000)


@pytest.mark.parametrize(
    ("cost", "expected"),
    [
        (lambda size: 5.0, 0),
        (lambda size: 5 + size / 1000, 0),
        (lambda size: 3.0 * size, 1),
        (lambda size: 200 + 0.7 * size, 1),
        (lambda size: 7 + size**0.5, 0.59),
        (lambda size: 7 + size**2, 1.92),
    ],
)
def test_the_exponent_is_that_of_what_grows(
    cost: Callable[[int], float], expected: float
) -> None:
    exponent = fit([(size, cost(size)) for size in SIZES])
    assert exponent == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("points", [[(1, 2.0)], [(1, 2.0), (10, 20.0)]])
def test_a_line_needs_two_points_beside_the_constant(
    points: list[tuple[int, float]],
) -> None:
    assert fit(points) == 0


def test_what_is_above_linear_is_marked() -> None:
    points = [(size, float(size**2)) for size in SIZES]
    table = render_growth(
        [Series("routes", "ms", points), Series("routes", "s", [(1, 1.0), (9, 1.0)])]
    )
    *_head, marked, flat = table.splitlines()
    assert "1.92, above linear**" in marked
    assert flat.split("|")[-2].strip() == "flat"


def make_load(before: float = 0.2, others: float = 0.0) -> Load:
    return Load("lines", before, 5.0, others)


def test_a_run_on_a_quiet_machine() -> None:
    # the benchmark's own work has raised the second one
    loads = [make_load(MAX_LOAD, MAX_OTHERS), make_load(before=3.0)]
    assert find_noise(loads) == []
    assert describe_noise(loads).startswith("quiet: load 1.00 before the first task")


@pytest.mark.parametrize(
    ("loads", "reason"),
    [
        ([make_load(before=1.01), make_load()], "load 1.01 before the first task"),
        (
            [make_load(), make_load(others=0.5)],
            "other programs took 0.50 processors during `lines`",
        ),
    ],
)
def test_a_run_is_not_called_quiet(loads: list[Load], reason: str) -> None:
    assert describe_noise(loads) == f"**not quiet: {reason}**"


def test_only_the_work_of_others_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("machine._find_postgres", lambda _database: [])
    machine = Machine("")
    others, own = iter((100.0, 160.0)), iter((40.0, 97.0))
    clock = iter((0.0, 10.0))
    monkeypatch.setattr("machine._get_busy", lambda: next(others))
    monkeypatch.setattr("machine._get_time", lambda _process: next(own))
    monkeypatch.setattr("machine.time.monotonic", lambda: next(clock))
    with machine.watch("lines"):
        pass
    assert machine.loads[0].others == pytest.approx(0.3)


def test_a_page_of_another_size_ends_the_run() -> None:
    page = next(work for work in WORKS if work.items)
    check_size(page, {"items": [{}] * 80})
    with pytest.raises(Different, match="3 records instead of 80"):
        check_size(page, {"items": [{}] * 3})


def make_rows(work: Work) -> dict[tuple[str, str], Row]:
    rows = {NATIVE: Row([Result(400, [2, 5])], [1.0])}
    for route in work.routes:
        rows["fastapi", route] = Row([Result(500, [2, 5])], [1.25])
        rows["published", route] = Row([Result(200, [4, 9])], [0.5])
    return rows


def test_a_row_for_each_route() -> None:
    work = WORKS[0]
    speeds = [("2 workers", work, 4, make_rows(work))]
    _head, _line, *lines = render_speed(speeds, peer=True).splitlines()
    assert len(lines) == len(work.routes)
    cells = [cell.strip() for cell in lines[0].split("|")[1:-1]]
    assert cells[1:5] == ["2 workers", "4", "400", "500"]
    assert cells[7] == "1.25"
    assert cells[-2:] == ["200", "0.50"]
    rates = {"native": 400, "fastapi": 500, "published": 200}
    assert [bar["rates"] for bar in get_bars(speeds)] == [rates] * len(lines)


def test_a_run_goes_on_without_valgrind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("run.Machine", Mock())
    monkeypatch.setattr("run.apps", Mock())
    monkeypatch.setattr("instructions.PROGRAMS", ("no-such-program",))
    order = {"only": ["instructions"], "peer": "", "growth": None}
    assert Run(order, {"fastapi": Mock()}).measure() == [NO_VALGRIND]


def test_a_task_that_the_published_addon_lacks() -> None:
    counts = [{"task": "key", "native": 3000.0, "fastapi": 2000.0}]
    line = render_instructions(counts, peer=True).splitlines()[-1]
    cells = [cell.strip() for cell in line.split("|")[1:-1]]
    assert cells == ["key", "3", "2", "1.50", "", ""]


def test_figures_with_a_floor() -> None:
    scales = [
        Scale(1000, 1000, called, 3.0, 1.0, memory)
        for called, memory in ((1, 100_000_000), (1000, 109_990_000))
    ]
    transfers = [
        ("9 MB of JSON", by, Transfer(growth, None, 1.0))
        for by, growth in (("native", 50), ("fastapi", 60))
    ]
    targets = get_targets([ManyRoutes(500, 300, 400, 1.05)], scales, transfers, 1.01)
    assert [row[1:] for row in targets] == [
        ("300", "362", "145"),
        ("1.05", "1.10", "1.00"),
        ("1.01", "1.10", "1.00"),
        ("10", "40", "10"),
        ("+10 %", "+30 %", "+15 %"),
        ("1.20", "1.30", "1.00"),
    ]
    assert get_targets([], [], [], None) == []


def test_a_section_of_a_page_is_replaced(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    text = "# Page\n\n<!-- begin: {0} -->\n\n{1}\n<!-- end: {0} -->\n"
    other = "<!-- begin: growth -->\n<!-- end: growth -->\n"
    page.write_text(text.format("result", "old\n") + other)
    for _time in range(2):
        write_section(page, "result", "new\n")
        assert page.read_text() == text.format("result", "new\n") + other


@pytest.mark.parametrize("content", [None, "what was there\n"])
def test_a_file_without_the_section_is_written(
    content: str | None, tmp_path: Path
) -> None:
    page = tmp_path / "page.md"
    if content is not None:
        page.write_text(content)
    write_section(page, "result", "new\n")
    assert page.read_text() == "new\n"


def test_sizes_are_options() -> None:
    options = get_parser().parse_args(["--growth", "routes=100,10", "clients"])
    assert options.growth == [
        ("routes", [10, 100]),
        ("clients", [1, 2, 4, 8, 16, 32, 64]),
    ]
    assert get_parser().parse_args([]).growth is None
    assert get_parser().parse_args(["--growth"]).growth == []


@pytest.mark.parametrize("value", ["route", "routes=x", "routes=0"])
def test_unknown_sizes_are_refused(
    value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        get_parser().parse_args(["--growth", value])
    assert caught.value.code == 2
    assert "--growth" in capsys.readouterr().err


def test_the_interval_of_a_median() -> None:
    row = Row([], [float(ratio) for ratio in range(100, 0, -1)])
    assert row.ratio == 50.5
    assert row.interval == (41, 60)
    assert Row([], [1.0, 3.0, 2.0]).interval == (1, 3)


def test_costs_are_compared_round_by_round(monkeypatch: pytest.MonkeyPatch) -> None:
    requests = {"none": Request("/none"), "slow": Request("/slow")}
    monkeypatch.setattr("other_addons.REQUESTS_TO", requests)
    monkeypatch.setattr("other_addons.ROUNDS", 3)
    monkeypatch.setattr("other_addons.REQUESTS", 10)
    monkeypatch.setattr("other_addons.time.sleep", lambda _seconds: None)
    speed = iter([1, 1, 1, 2, 10, 10, 4, 4])  # of the machine, warm-up first
    clock = 0.0

    def run_list(port: int, requests: list[Request]) -> list[float]:
        nonlocal clock
        cost = (2.0 if port else 1.0) * next(speed)
        clock += len(requests) * cost / 1e3
        return [cost] * len(requests)

    monkeypatch.setattr("other_addons.run_list", run_list)
    servers = Mock(port=0), Mock(port=1)
    first, slow = other_addons.measure(*servers, lambda: clock)
    assert (first.ratio, first.p50_ratio) == (1, 1)
    # one round is disturbed
    assert (slow.p50_ratio, slow.ratio) == pytest.approx((2, 2))
    table = render_addons([first, slow], {"none": 1000, "slow": 3000})
    cells = [cell.strip() for cell in table.splitlines()[-1].split("|")[1:-1]]
    assert cells[0] == "slow"
    assert cells[2::2] == ["2.00", "2.00", "3.00"]
    assert "instructions" not in render_addons([first, slow], {})
