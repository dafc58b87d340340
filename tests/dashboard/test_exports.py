"""The figures to take away: CSV for programs, a workbook for people. Texts stay texts in both."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import UTC, date, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from django.http import FileResponse, StreamingHttpResponse
from django.test import Client
from django.utils import timezone

from accounts.models import User
from dashboard.exports import COLUMNS, harmless
from generations.models import Dot, DotTag
from tests.dashboard.listening import SHARES, make_day, make_hour
from tests.factories import make_dot

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 12)
RANGE = "from=2026-11-10&to=2026-11-16"
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture
def dot(alice: User) -> Dot:
    return make_dot(owner=alice, title="The town hall", code="7KX3M9")


def csv_rows(client: Client, address: str) -> list[dict[str, str]]:
    response: Any = client.get(address)
    assert response.status_code == 200
    assert isinstance(response, StreamingHttpResponse)
    content = b"".join(response.streaming_content)  # type: ignore[arg-type]
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def sheets(client: Client, address: str) -> dict[str, list[list[str]]]:
    """Every sheet's rows, as texts."""
    response: Any = client.get(address)
    assert response.status_code == 200
    assert isinstance(response, FileResponse)
    book = zipfile.ZipFile(io.BytesIO(response.getvalue()))
    workbook = ElementTree.fromstring(book.read("xl/workbook.xml"))  # noqa: S314
    names = [str(sheet.get("name")) for sheet in workbook.iter(f"{SHEET}sheet")]
    found = {}
    for number, name in enumerate(names, start=1):
        text = book.read(f"xl/worksheets/sheet{number}.xml").decode()
        assert "<f>" not in text
        root = ElementTree.fromstring(text)  # noqa: S314
        found[name] = [["".join(cell.itertext()) for cell in row] for row in root.iter(f"{SHEET}row")]
    return found


def test_the_csv_holds_all_that_the_page_shows_and_what_it_leaves_out(client: Client, alice: User, dot: Dot):
    hosts = {f"host{number}.example": 20 - number for number in range(12)}
    make_day(dot, DAY, scans=210, heard_ms=61_500, shares={**SHARES, "referrer": hosts})
    client.force_login(alice)
    rows = csv_rows(client, f"/analytics/export.csv?{RANGE}")

    assert tuple(rows[0]) == COLUMNS
    assert list(rows[0].values()) == ["total", "2026-11-10/2026-11-16", "210", "6", "8", "4", "61.5"]
    days = [row for row in rows if row["section"] == "day"]
    assert [row["item"] for row in days] == [f"2026-11-{day}" for day in range(10, 17)]
    assert [row["scans"] for row in days] == ["0", "0", "210", "0", "0", "0", "0"]
    assert {row["item"]: row["scans"] for row in rows if row["section"] == "referrer"} == {
        host: str(count) for host, count in hosts.items()
    }
    assert [row["plays"] for row in rows if row["section"] == "reached"][:6] == ["8", "8", "8", "7", "7", "6"]
    assert [*rows[-1].values()][:3] == ["dot", "7KX3M9 The town hall", "210"]
    assert {"unknown", "phone"} <= {row["item"] for row in rows if row["section"] == "device"}


def test_its_name_says_what_is_in_it(client: Client, alice: User, dot: Dot):
    client.force_login(alice)
    for path, name in (("export", "all"), (f"dots/{dot.public_id}/export", "7KX3M9")):
        for kind in ("csv", "xlsx"):
            response: Any = client.get(f"/analytics/{path}.{kind}?{RANGE}")
            assert response["Content-Disposition"] == (
                f'attachment; filename="micdots-{name}-2026-11-10-2026-11-16.{kind}"'
            )
            assert response.getvalue()


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"])
def test_no_text_becomes_a_formula(text: str):
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("cell", ["phone", "a=b", "", 5, -3, 2.5])
def test_what_is_harmless_stays_as_it_is(cell: Any):
    assert harmless(cell) == cell


def test_a_host_that_looks_like_a_formula_is_a_text_in_both(client: Client, alice: User, dot: Dot):
    make_day(dot, DAY, shares={"city": {"=HYPERLINK(1)": 3}, "referrer": {"http://a.example": 2}})
    client.force_login(alice)

    rows = csv_rows(client, f"/analytics/export.csv?{RANGE}")
    assert [row["item"] for row in rows if row["section"] == "city"] == ["'=HYPERLINK(1)"]
    assert ["Places", "=HYPERLINK(1)", "3"] in sheets(client, f"/analytics/export.xlsx?{RANGE}")["Shares"]


def test_the_workbook_has_a_sheet_for_each_thing(client: Client, alice: User, dot: Dot):
    make_day(dot, DAY, scans=1234, shares=SHARES)
    client.force_login(alice)
    found = sheets(client, f"/analytics/export.xlsx?{RANGE}")

    assert list(found) == ["Totals", "Days", "How far", "Shares", "Dots"]
    assert ["Scans", "1234"] in found["Totals"]
    assert ["Time zone", "UTC"] in found["Totals"]
    assert len(found["Days"]) == 8
    assert found["Days"][3][1] == "1234"
    assert found["How far"][1] == ["0", "8"]
    assert ["Devices", "Phone", "7"] in found["Shares"]
    assert found["Dots"][1][:3] == ["The town hall", "7KX3M9", "1234"]


def test_filters_and_one_dot_hold_for_exports_too(client: Client, alice: User, dot: Dot):
    other = make_dot(owner=alice)
    DotTag.objects.create(dot=other, name="museum")
    make_day(dot, DAY, scans=1)
    make_day(other, DAY, scans=2)
    client.force_login(alice)

    assert csv_rows(client, f"/analytics/export.csv?{RANGE}&tag=museum")[0]["scans"] == "2"
    rows = csv_rows(client, f"/analytics/dots/{dot.public_id}/export.csv?{RANGE}")
    assert rows[0]["scans"] == "1"
    assert "dot" not in {row["section"] for row in rows}
    found = sheets(client, f"/analytics/dots/{dot.public_id}/export.xlsx?{RANGE}")
    assert ["Dot", "7KX3M9 The town hall"] in found["Totals"]
    assert "Dots" not in found


def test_hours_are_said_in_utc_for_programs(client: Client, alice: User, dot: Dot):
    User.objects.filter(pk=alice.pk).update(timezone="Europe/Berlin")
    hour = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(days=1)
    make_hour(dot, hour, scans=3)
    client.force_login(alice)
    rows = csv_rows(client, "/analytics/export.csv?days=3&interval=hour")

    assert [row["item"] for row in rows if row["section"] == "hour" and row["scans"] == "3"] == [
        hour.astimezone(UTC).strftime("%Y-%m-%dT%H:00:00Z")
    ]
    assert "Hours" in sheets(client, "/analytics/export.xlsx?days=3&interval=hour")


def test_the_workbook_speaks_the_readers_language_the_csv_that_of_programs(client: Client, alice: User, dot: Dot):
    User.objects.filter(pk=alice.pk).update(language="de")
    make_day(dot, DAY, shares=SHARES)
    client.force_login(alice)
    assert csv_rows(client, f"/analytics/export.csv?{RANGE}")[0]["section"] == "total"
    assert sheets(client, f"/analytics/export.xlsx?{RANGE}")


def test_what_is_cut_off_says_so_in_its_last_row(client: Client, alice: User, monkeypatch: Any):
    monkeypatch.setattr("dashboard.exports.DOTS", 2)
    for scans in (3, 2):
        make_day(make_dot(owner=alice), DAY, scans=scans)
    client.force_login(alice)
    csv, xlsx = f"/analytics/export.csv?{RANGE}", f"/analytics/export.xlsx?{RANGE}"
    assert csv_rows(client, csv)[-1]["section"] == "dot"
    assert len(sheets(client, xlsx)["Dots"]) == 3

    make_day(make_dot(owner=alice), DAY, scans=1)

    rows = csv_rows(client, csv)
    assert [row["scans"] for row in rows if row["section"] == "dot"] == ["3", "2"]
    assert list(rows[-1].values()) == ["note", "only the 2 dots with the most scans are listed", "", "", "", "", ""]
    dots = sheets(client, xlsx)["Dots"]
    assert [row[2] for row in dots[1:3]] == ["3", "2"]
    assert dots[3:] == [["Only the 2 dots with the most scans are listed."]]


def test_five_years_are_no_burden(client: Client, alice: User, dot: Dot):
    make_day(dot, DAY)
    client.force_login(alice)
    rows = csv_rows(client, "/analytics/export.csv?from=2021-11-17&to=2026-11-16")
    assert sum(row["section"] == "day" for row in rows) == 1826


def test_the_temporary_file_is_gone_afterwards(client: Client, alice: User, dot: Dot, tmp_path: Any, monkeypatch: Any):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    client.force_login(alice)
    response: Any = client.get(f"/analytics/export.xlsx?{RANGE}")
    assert re.match(r"PK", response.getvalue()[:2].decode())
    assert list(tmp_path.iterdir()) == []


def test_the_day_in_the_workbook_is_a_date(client: Client, alice: User, dot: Dot):
    make_day(dot, DAY)
    client.force_login(alice)
    serial = (DAY - date(1899, 12, 30)).days
    assert sheets(client, f"/analytics/export.xlsx?{RANGE}")["Days"][3][0] == str(serial)
    assert datetime(2026, 11, 12, tzinfo=UTC).date() == DAY
