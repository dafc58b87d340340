"""Where the lines of a chart run, and what stands beside them."""

from __future__ import annotations

from itertools import pairwise

import pytest

from dashboard.charts import HITS_UP_TO, LABELS, MARKERS_UP_TO, Chart, Row, bar, draw, short


def chart_of(values: list[float], *, points: int | None = None) -> Chart:
    names = [f"day {number}" for number in range(points or len(values))]
    return draw(
        title="", description="", rows=[Row("scans", "Scans", values, is_filled=True)], points=names, tips=names
    )


@pytest.mark.parametrize(
    ("highest", "scale"),
    [
        (0, ["0", "1"]),
        (1, ["0", "1"]),
        (4, ["0", "1", "2", "3", "4"]),
        (5, ["0", "2", "4", "6"]),
        (34, ["0", "10", "20", "30", "40"]),
        (1_234, ["0", "500", "1k", "1.5k"]),
        (6_000_000, ["0", "2M", "4M", "6M"]),
    ],
)
def test_the_scale_ends_at_a_round_number_above_all_values(highest: int, scale: list[str]):
    assert [rule.label.text for rule in chart_of([0, highest]).rules] == scale


def test_a_line_runs_from_the_bottom_to_the_top():
    line = chart_of([0, 2, 4]).lines[0]
    assert line.path == "M166.7 400.0L500.0 200.0L833.3 0.0"
    assert line.area == f"{line.path}L833.3 400L166.7 400Z"


def test_a_line_may_end_before_the_chart_does():
    chart = chart_of([4, 4], points=4)
    assert chart.lines[0].path == "M125.0 0.0L375.0 0.0"
    assert len(chart.hits) == 4


def test_nothing_at_all_is_drawn_too():
    chart = chart_of([])
    assert (chart.lines[0].path, chart.labels, chart.hits) == ("", (), ())


@pytest.mark.parametrize("count", [1, 2, LABELS, LABELS + 1, 30, 31, 365, 400])
def test_labels_stand_at_equal_distances_and_never_crowd(count: int):
    labels = chart_of([1.0] * count).labels
    steps = {int(second.text[4:]) - int(first.text[4:]) for first, second in pairwise(labels)}
    assert 1 <= len(labels) <= LABELS
    assert len(steps) <= 1
    assert labels[0].text == "day 0"


def test_many_points_have_neither_markers_nor_hints():
    assert chart_of([1.0] * MARKERS_UP_TO).lines[0].markers
    assert not chart_of([1.0] * (MARKERS_UP_TO + 1)).lines[0].markers
    assert not chart_of([1.0] * (HITS_UP_TO + 1)).hits


@pytest.mark.parametrize(("value", "text"), [(0, "0"), (999, "999"), (1_500, "1.5k"), (20_000, "20k"), (10**9, "1G")])
def test_large_numbers_are_short(value: int, text: str):
    assert short(value) == text


def test_a_bar_is_as_long_as_its_share():
    assert (bar(1, 4), bar(0, 0)) == ("25.00%", "0%")
