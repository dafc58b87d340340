"""Charts as numbers: where a line runs and what is written beside it. ``templates/dashboard/_chart.html`` draws them.

A chart is one SVG without a size of its own. Lines lie in an inner one that is stretched to whatever room there is;
words stay outside of it, at per cents of the width and height, so that they are as large on a phone as on paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# The inner drawing's own units, and where it lies in the outer one, in per cent of the height.
WIDTH, HEIGHT = 1000, 400
TOP, BOTTOM = 9.0, 88.0
MARKERS_UP_TO = 62  # points; more of them would be a thick line
HITS_UP_TO = 120  # points that tell their figures when they are pointed at
LABELS = 6  # at most, at equal distances


@dataclass(frozen=True)
class Label:
    """Words in the chart."""

    at: str  # per cent of the width (below the lines) or of the height (beside them)
    text: str
    anchor: str = "middle"  # SVG's text-anchor
    is_minor: bool = False  # left out where there is little room


@dataclass(frozen=True)
class Rule:
    """A line across the chart at a round number."""

    y: str  # in the inner drawing's units
    label: Label


@dataclass(frozen=True)
class Line:
    """One row of numbers. Lines differ in how they are drawn (``kind`` is part of a CSS class), not in colour alone."""

    kind: str
    name: str
    path: str
    area: str = ""  # the same, closed along the bottom
    markers: str = ""  # a dot at each point, where there are few


@dataclass(frozen=True)
class Hit:
    """A stretch of the chart that tells its figures when it is pointed at."""

    x: str
    width: str
    text: str


@dataclass(frozen=True)
class Chart:
    title: str
    description: str
    lines: tuple[Line, ...]
    rules: tuple[Rule, ...]
    labels: tuple[Label, ...]
    hits: tuple[Hit, ...]
    width: int = WIDTH
    height: int = HEIGHT
    top: str = f"{TOP:g}%"
    inner_height: str = f"{BOTTOM - TOP:g}%"


@dataclass(frozen=True)
class Row:
    """What is to be drawn as one line."""

    kind: str
    name: str
    values: Sequence[float]
    is_filled: bool = False


def draw(
    *,
    title: str,
    description: str,
    rows: Sequence[Row],
    points: Sequence[str],
    tips: Sequence[str] = (),
    top: float | None = None,
    unit: str = "",
) -> Chart:
    """Put rows of numbers into one picture with a common scale that begins at nought.

    Args:
        rows: each with as many values as there are points, or fewer; none below nought.
        points: what each point is called below the chart; some of them are shown.
        tips: what each point tells when it is pointed at.
        top: the scale's end; default: a round number that all values fit below.
        unit: stands behind the scale's numbers.
    """
    highest = max((value for row in rows for value in row.values), default=0)
    step = _step(top if top is not None else highest)
    steps = max(1, -(-int(top if top is not None else highest) // step))
    end = step * steps
    return Chart(
        title=title,
        description=description,
        lines=tuple(_line(row, end, len(points)) for row in rows),
        rules=tuple(_rule(step * number, end, unit) for number in range(steps + 1)),
        labels=_labels(points),
        hits=_hits(tips) if len(tips) <= HITS_UP_TO else (),
    )


def bar(part: float, whole: float) -> str:
    """The length of a bar, as an SVG width."""
    return f"{100 * part / whole:.2f}%" if whole > 0 else "0%"


def _step(highest: float) -> int:
    """The distance of the lines across: 1, 2 or 5 with noughts, so that at most four of them cover ``highest``."""
    power = 1
    while True:
        for digit in (1, 2, 5):
            if digit * power * 4 >= highest:
                return digit * power
        power *= 10


def _rule(value: int, end: int, unit: str) -> Rule:
    share = 1 - value / end
    return Rule(
        y=f"{share * HEIGHT:.1f}", label=Label(at=f"{TOP + share * (BOTTOM - TOP):.2f}%", text=f"{short(value)}{unit}")
    )


def short(value: int) -> str:
    """A number of the scale with few characters: 1,500,000 → “1.5M”. Only round numbers come here."""
    for size, sign in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if value >= 10 * size or (value >= size and value % (size // 10) == 0):
            return f"{value / size:g}{sign}"
    return str(value)


def _x(index: int, count: int) -> float:
    return (index + 0.5) / count * WIDTH


def _line(row: Row, end: int, count: int) -> Line:
    spots = [f"{_x(index, count):.1f} {HEIGHT * (1 - value / end):.1f}" for index, value in enumerate(row.values)]
    path = "M" + "L".join(spots) if spots else ""
    area = ""
    if row.is_filled and spots:
        area = f"{path}L{_x(len(spots) - 1, count):.1f} {HEIGHT}L{_x(0, count):.1f} {HEIGHT}Z"
    # A line of no length with round ends is a dot that no stretching turns into an egg.
    markers = "".join(f"M{spot}h0" for spot in spots) if count <= MARKERS_UP_TO else ""
    return Line(kind=row.kind, name=row.name, path=path, area=area, markers=markers)


def _labels(points: Sequence[str]) -> tuple[Label, ...]:
    count = len(points)
    step = max(1, -(-(count - 1) // (LABELS - 1)))
    labels = []
    for position, index in enumerate(range(0, count, step)):
        at = _x(index, count) / WIDTH * 100
        anchor = "start" if at < 8 else "end" if at > 92 else "middle"
        labels.append(Label(at=f"{at:.2f}%", text=points[index], anchor=anchor, is_minor=position % 2 == 1))
    return tuple(labels)


def _hits(tips: Sequence[str]) -> tuple[Hit, ...]:
    width = WIDTH / len(tips) if tips else 0
    return tuple(Hit(x=f"{index * width:.1f}", width=f"{width:.1f}", text=text) for index, text in enumerate(tips))
