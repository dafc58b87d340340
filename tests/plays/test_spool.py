"""The spool: written before the answer, taken in once, whoever dies."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from unittest.mock import Mock

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone

from plays import retention, spool
from plays.models import DailySalt, Event, SpoolPosition
from plays.records import Record
from tests.plays.dots import make_live_dot

pytestmark = pytest.mark.django_db


@pytest.fixture
def dot(alice):
    return make_live_dot(owner=alice)


def scan_of(dot, **fields) -> Record:
    return Record(kind="scan", dot_id=dot.pk, language="en-GB", **fields)


def scans_on(dot) -> int:
    dot.refresh_from_db()
    return dot.scans_count


def left_behind(folder: Path, content: bytes, name: str = "host-1-0011.spool") -> Path:
    """A segment whose process is gone."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    return path


def test_an_answered_scan_is_a_line_in_a_file_and_then_a_figure(client: Client, dot, spooled):
    client.get(f"/d/{dot.code}")

    (segment,) = spooled.glob("*.spool")
    (line,) = segment.read_bytes().splitlines(keepends=True)
    assert Record.from_line(line).dot_id == dot.pk
    assert segment.stat().st_mode & 0o077 == 0
    assert scans_on(dot) == 0

    assert spool.take_in_all() == 1
    assert spool.take_in_all() == 0
    assert scans_on(dot) == 1


def test_what_is_in_a_line_names_no_address_and_no_browser_in_full(client: Client, dot, spooled):
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
    client.get(f"/d/{dot.code}", REMOTE_ADDR="192.0.2.77", headers={"User-Agent": agent})

    (segment,) = spooled.glob("*.spool")
    assert b"192.0.2" not in segment.read_bytes()
    assert b"Gecko" not in segment.read_bytes()


def test_what_a_dead_process_left_is_taken_in_once_and_removed(dot, spooled):
    lines = b"".join(scan_of(dot).to_line() for _each in range(5))
    path = left_behind(spooled, lines)

    assert spool.take_in_all() == 5

    assert scans_on(dot) == 5
    assert not path.exists()
    assert not SpoolPosition.objects.exists()


def test_taken_in_again_it_changes_nothing(dot, spooled, settings):
    lines = b"".join(scan_of(dot).to_line() for _each in range(5))
    left_behind(spooled, lines)
    spool.take_in_all()
    spool.stop()  # to look for what was left behind at once
    left_behind(spooled, lines)

    assert spool.take_in_all() == 0
    assert scans_on(dot) == 5


def test_it_goes_on_where_the_dead_process_came_to(dot, spooled):
    first, second = scan_of(dot).to_line(), scan_of(dot).to_line()
    left_behind(spooled, first + second, "host-1-0022.spool")
    # As after a commit and before the file was removed; the event itself need not be known any more.
    SpoolPosition.objects.create(name="host-1-0022.spool", taken_bytes=len(first))

    assert spool.take_in_all() == 1
    assert not list(spooled.glob("*.spool"))


def test_the_position_in_a_file_that_lies_still_is_kept(dot, spooled, monkeypatch):
    spool.append(scan_of(dot))
    spool.take_in_all()
    SpoolPosition.objects.update(updated_at=timezone.now() - timedelta(days=40))

    monkeypatch.setattr(spool, "POSITION_SECONDS", 0.0, raising=False)
    spool.take_in_all()
    retention.tidy()

    assert SpoolPosition.objects.exists()


def test_a_cut_off_last_line_was_never_answered_and_is_dropped(dot, spooled, caplog):
    path = left_behind(spooled, scan_of(dot).to_line() + scan_of(dot).to_line()[:-20])

    assert spool.take_in_all() == 1
    assert not path.exists()
    assert "ends within a line" in caplog.text


def test_what_is_no_record_is_passed_over(dot, spooled, caplog):
    noise = [
        b"\n",
        b"null\n",
        b"\x00\xff\n",
        b'{"kind": "scan"}\n',
        b"[" * 50_000 + b"\n",
        b'{"kind":"scan","at":"x"}\n',
    ]
    path = left_behind(spooled, scan_of(dot).to_line() + b"".join(noise) + scan_of(dot).to_line())

    assert spool.take_in_all() == 2
    assert scans_on(dot) == 2
    assert not path.exists()
    assert "is no record" in caplog.text


def test_a_living_process_is_left_alone(dot, spooled):
    path = left_behind(spooled, scan_of(dot).to_line())
    holder = subprocess.Popen(
        [
            *(sys.executable, "-c"),
            "import fcntl, sys; f = open(sys.argv[1], 'ab'); fcntl.flock(f, fcntl.LOCK_EX);"
            "print('held', flush=True); sys.stdin.read()",
            str(path),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout.readline() == b"held\n"
        assert spool.take_in_all() == 0
        assert path.exists()
    finally:
        holder.communicate()
    spool.stop()

    assert scans_on(dot) == 1
    assert not path.exists()


def test_a_full_segment_is_followed_by_another_and_both_are_taken_in(dot, spooled, monkeypatch):
    monkeypatch.setattr(spool, "SEGMENT_BYTES", 500)
    for _each in range(20):
        spool.append(scan_of(dot))
    assert len(list(spooled.glob("*.spool"))) > 2

    assert spool.take_in_all() == 20
    assert scans_on(dot) == 20
    assert len(list(spooled.glob("*.spool"))) == 1


def test_when_it_ends_nothing_is_left(dot, spooled):
    spool.append(scan_of(dot))

    spool.stop()

    assert scans_on(dot) == 1
    assert not list(spooled.glob("*.spool"))


def test_without_a_place_to_write_the_page_is_given_and_the_log_says_so_once(
    client: Client, dot, settings, tmp_path, caplog
):
    (tmp_path / "file").write_text("")
    settings.SPOOL_DIR = tmp_path / "file" / "spool"
    settings.TAKE_IN_SECONDS = 3600

    for _each in range(3):
        assert client.get(f"/d/{dot.code}").status_code == 200

    assert caplog.text.count("could not be written to") == 1


def test_on_a_full_disk_a_line_is_whole_or_not_there(spooled, dot):
    spool.append(scan_of(dot))
    (segment,) = spooled.glob("*.spool")
    size = segment.stat().st_size
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from pathlib import Path; from plays.spool import Segment\n"
        "segment = Segment.create(Path(sys.argv[1]))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (150, 150))\n"
        "for _each in range(3):\n"
        "    try:\n"
        "        segment.write(b'x' * 99 + b'\\n')\n"
        "    except OSError as error:\n"
        "        print('refused')\n"
        "print(segment.path.stat().st_size)\n"
    )
    setup = "import django; django.setup()\n"
    result = subprocess.run(
        [sys.executable, "-c", setup + code, str(spooled)],
        env=os.environ,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )

    assert result.stdout.split() == ["refused", "refused", "100"]
    assert segment.stat().st_size == size


@pytest.mark.django_db(transaction=True)
def test_a_database_that_does_not_answer_loses_nothing(client: Client, dot, spooled):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE plays_event RENAME TO plays_elsewhere")
    try:
        assert client.get(f"/d/{dot.code}").status_code == 200
        with pytest.raises(Exception, match="plays_event"):
            spool.take_in_all()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE plays_elsewhere RENAME TO plays_event")

    assert spool.take_in_all() == 1
    assert scans_on(dot) == 1


@pytest.mark.django_db(transaction=True)
def test_when_it_begins_the_salt_of_the_day_is_there_before_anybody_comes(spooled):
    spool.start()

    assert DailySalt.objects.filter(day=timezone.now().date()).exists()


@pytest.mark.django_db(transaction=True)
def test_salts_that_cannot_be_made_hold_back_no_count(dot, spooled, settings, monkeypatch):
    settings.TAKE_IN_SECONDS = 0.05
    monkeypatch.setattr("plays.visitors.keep_salts", Mock(side_effect=DatabaseError))
    spool.append(scan_of(dot))

    until = time.monotonic() + 20
    while not scans_on(dot) and time.monotonic() < until:
        time.sleep(0.05)
    assert scans_on(dot) == 1


@pytest.mark.parametrize(("age", "rests_long"), [(0, True), (60, False)])
def test_in_a_crowd_it_rests_long_but_not_once_figures_are_late(dot, spooled, monkeypatch, age, rests_long):
    monkeypatch.setattr(spool, "CROWD_LINES", -1)  # always a crowd
    monkeypatch.setattr(spool._spool, "_limit", 1)
    monkeypatch.setattr(spool, "BATCH_LINES", 1)
    rests = Mock(wait=Mock(), is_set=Mock(return_value=False))
    for _each in range(3):
        spool.append(scan_of(dot, at=time.time() - age))
    monkeypatch.setattr(spool._spool, "_ending", rests)

    begun = time.monotonic()
    spool.take_in_all()
    took = time.monotonic() - begun

    asked_for = [call.args[0] for call in rests.wait.call_args_list[:-1]]  # behind the last one nothing waits
    assert len(asked_for) == 2
    assert (sum(asked_for) > took) is rests_long, (asked_for, took)


def test_a_child_process_writes_a_segment_of_its_own(dot, spooled):
    spool.append(scan_of(dot))
    mine = set(spooled.glob("*.spool"))

    child = os.fork()
    if child == 0:
        try:
            spool._spool.append(scan_of(dot).to_line())
            os._exit(0)
        except BaseException:
            os._exit(1)
    _pid, status = os.waitpid(child, 0)

    assert status == 0
    assert len(set(spooled.glob("*.spool")) - mine) == 1
    assert spool.take_in_all() == 2
    assert scans_on(dot) == 2


def test_where_plays_are_counted_down_the_next_visitor_knows_at_once(client: Client, dot, spooled):
    dot.max_plays = 1
    dot.save()
    assert client.get(f"/d/{dot.code}/audio.mp3").status_code == 302

    assert client.get(f"/d/{dot.code}").status_code == 410
    spool.take_in_all()
    assert Event.objects.filter(kind="play").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_line_that_the_database_refuses_is_put_aside_and_the_others_are_taken_in(dot, spooled):
    name = "refuse_it" if connection.vendor == "sqlite" else "plays_event_refuse_it"
    refuse = {
        "sqlite": f"CREATE TRIGGER {name} BEFORE INSERT ON plays_event WHEN NEW.city = 'Babel' "
        "BEGIN SELECT RAISE(ABORT, 'no'); END",
        "postgresql": f"ALTER TABLE plays_event ADD CONSTRAINT {name} CHECK (city <> 'Babel')",
    }
    allow = {
        "sqlite": f"DROP TRIGGER {name}",
        "postgresql": f"ALTER TABLE plays_event DROP CONSTRAINT {name}",
    }
    for number in range(9):
        spool.append(scan_of(dot, city="Babel" if number == 4 else ""))
    with connection.cursor() as cursor:
        cursor.execute(refuse[connection.vendor])
    try:
        assert spool.take_in_all() == 8
    finally:
        with connection.cursor() as cursor:
            cursor.execute(allow[connection.vendor])

    assert scans_on(dot) == 8
    assert (spooled / "refused.lines").read_bytes().count(b"\n") == 1
    assert spool.take_in_all() == 0
