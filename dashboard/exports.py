"""The figures to take away: as CSV for programs, sent row by row, and as a workbook for people.

Both hold everything of the period; where the page shows the first few values, these have all.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime

import xlsxwriter
from django.http import FileResponse, StreamingHttpResponse
from django.utils.translation import gettext as _

from dashboard.names import dimension_name, value_name
from dashboard.reports import DIMENSIONS
from plays import figures

DOTS = 10_000  # named in an export; docs/figures.md says so
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

# In the words of the API, and the same in every language: programs read them.
COLUMNS = ("section", "item", "scans", "uniqueVisitors", "plays", "completions", "listenSeconds")
_MEASURES = len(COLUMNS) - 2

Cell = str | int | float
Row = Sequence[Cell]


class _Echo:
    """A file that gives back what is written to it: csv's writer then makes one line at a time."""

    def write(self, text: str) -> str:
        return text


def csv_response(scope: figures.Scope, span: figures.Span) -> StreamingHttpResponse:
    """The figures of a period, one row for each thing that was counted."""
    writer = csv.writer(_Echo())

    def lines() -> Iterator[str]:
        yield "\ufeff"  # without it, spreadsheets take UTF-8 for something else
        yield writer.writerow(COLUMNS)
        for row in _rows(scope, span):
            yield writer.writerow([harmless(cell) for cell in row])

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{_file_name(scope, span)}.csv"'
    return response


def harmless(cell: Cell) -> Cell:
    """A text that a spreadsheet would take for a formula gets an apostrophe before it (OWASP, CSV injection)."""
    if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")):
        return f"'{cell}"
    return cell


def _rows(scope: figures.Scope, span: figures.Span) -> Iterator[Row]:
    """Everything, in the order of the page. What a row does not count is left empty."""
    yield ("total", f"{span.first}/{span.last}", *_measures(figures.totals_of(scope, span)))
    for point in figures.series_of(scope, span):
        yield (span.interval, _instant(point.at), *_measures(point))
    for percent, plays in figures.curve_of(scope, span):
        yield ("reached", str(percent), "", "", plays, "", "")
    shares = figures.all_shares_of(scope, span)
    for dimension in DIMENSIONS:
        for share in shares[dimension]:
            yield (dimension, share.value or "unknown", share.count, "", "", "", "")
    if scope.dot is None:
        dots = figures.best_dots(scope, span, DOTS + 1)
        for dot, totals in dots[:DOTS]:
            yield ("dot", f"{dot.code} {dot.title}", *_measures(totals))
        if len(dots) > DOTS:
            yield ("note", f"only the {DOTS} dots with the most scans are listed", "", "", "", "", "")


def _measures(row: figures.Totals | figures.Point) -> tuple[Cell, ...]:
    return (row.scans, row.unique_visitors, row.plays, row.completions, round(row.heard_seconds, 1))


def _instant(at: date | datetime) -> str:
    """A day as it was cut, an hour in UTC: as the API says them."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(at, datetime) else at.isoformat()


def _file_name(scope: figures.Scope, span: figures.Span) -> str:
    of = scope.dot.code if scope.dot else "all"
    return f"micdots-{of}-{span.first}-{span.last}"


def xlsx_response(scope: figures.Scope, span: figures.Span) -> FileResponse:
    """The same as a workbook, in the reader's language: a sheet each for totals, days, curve, shares and dots."""
    file = tempfile.TemporaryFile(prefix="micdots-")  # noqa: SIM115 - closed, and so gone, once the answer is sent
    try:
        write_workbook(file, scope, span)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return FileResponse(file, as_attachment=True, filename=f"{_file_name(scope, span)}.xlsx", content_type=XLSX_TYPE)


def write_workbook(file: object, scope: figures.Scope, span: figures.Span) -> None:
    """Write the workbook row by row: what has been written is on the disk, not in memory."""
    options = {
        "constant_memory": True,
        # Texts stay texts: a title like “=1+1” is no formula, and an address no link.
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": "yyyy-mm-dd hh:mm" if span.interval == "hour" else "yyyy-mm-dd",
    }
    with xlsxwriter.Workbook(file, options) as book:
        bold = book.add_format({"bold": True})
        measures = [
            _("Scans"),
            _("Visitors, day by day"),
            _("Plays"),
            _("Heard to the end"),
            _("Seconds listened"),
        ]

        def sheet(name: str, headings: Sequence[str], rows: Iterator[Sequence[object]], width: int = 24) -> None:
            page = book.add_worksheet(name[:31])
            page.set_column(0, 0, width)
            page.set_column(1, len(headings), 18)
            page.freeze_panes(1, 0)
            page.write_row(0, 0, headings, bold)
            for number, row in enumerate(rows, start=1):
                page.write_row(number, 0, row)

        def totals() -> Iterator[Sequence[object]]:
            row = figures.totals_of(scope, span)
            yield (_("From"), span.first.isoformat())
            yield (_("To"), span.last.isoformat())
            yield (_("Time zone"), span.zone.key)
            if scope.dot is not None:
                yield (_("Dot"), f"{scope.dot.code} {scope.dot.title}")
            if scope.tag:
                yield (_("Tag"), scope.tag)
            if scope.language:
                yield (_("Language"), scope.language)
            yield from zip(measures, _measures(row), strict=True)

        def series() -> Iterator[Sequence[object]]:
            for point in figures.series_of(scope, span):
                at = point.at
                if isinstance(at, datetime):  # a spreadsheet knows no time zones: as clocks showed it
                    at = at.astimezone(span.zone).replace(tzinfo=None)
                yield (at, *_measures(point))

        def shares() -> Iterator[Sequence[object]]:
            found = figures.all_shares_of(scope, span)
            for dimension in DIMENSIONS:
                for share in found[dimension]:
                    yield (dimension_name(dimension), value_name(dimension, share.value), share.count)

        sheet(_("Totals"), [_("What"), _("How many")], totals())
        sheet(_("Hours") if span.interval == "hour" else _("Days"), [_("When"), *measures], series(), 18)
        sheet(_("How far"), [_("Heard to (%)"), _("Plays")], iter(figures.curve_of(scope, span)))
        sheet(_("Shares"), [_("Of"), _("Value"), _("Scans")], shares())
        if scope.dot is None:

            def dots() -> Iterator[Sequence[object]]:
                found = figures.best_dots(scope, span, DOTS + 1)
                for dot, total in found[:DOTS]:
                    yield (dot.title, dot.code, *_measures(total))
                if len(found) > DOTS:
                    yield (_("Only the %(count)d dots with the most scans are listed.") % {"count": DOTS},)

            sheet(_("Dots"), [_("Dot"), _("Code"), *measures], dots(), 40)
