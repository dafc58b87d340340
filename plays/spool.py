"""The spool: what was counted is a line in a file before the answer goes out, and in the database soon after.

Each process that answers requests appends to a *segment* of its own in ``settings.SPOOL_DIR``. A line that ``write``
has taken belongs to the kernel, so it outlives the process, and a thread has it put on the disk once a second for the
day when the machine dies. Another thread hands complete lines to :func:`plays.taking.take_in`, which remembers in the
same transaction how far it came; so a line is taken in once, whenever who dies.

The writer holds a lock (``flock``) on its segment, which ends with it: a segment whose lock can be had was left behind,
and any process takes it in and removes it. See docs/adr/0013.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import secrets
import socket
import sys
import threading
import time
from collections.abc import Iterator
from multiprocessing.util import Finalize
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, DataError, IntegrityError, close_old_connections, connection
from django.utils import timezone

from micdots.lib.short_waits import short_wait
from plays import attributes, visitors
from plays.complaints import complain
from plays.models import SpoolPosition
from plays.records import Record
from plays.taking import take_in

logger = logging.getLogger(__name__)

ENDING = ".spool"
REFUSED = "refused.lines"  # what the database would not have: kept for people to look at
REFUSALS_AT_MOST = 10  # at a stretch
SEGMENT_BYTES = 4 * 1024 * 1024
BATCH_LINES, BATCH_BYTES = 2_000, 1024 * 1024
SYNC_SECONDS = 0.8  # between two flushes to the disk; with the flush itself no more than one
ORPHAN_SECONDS = 5.0  # how often is looked for what others left behind
POSITION_SECONDS = 24 * 3600.0  # how often positions are shown to be needed; ``retention.tidy`` goes by their age
# After a batch the pages have the interpreter to themselves for so many times as long as it took: more in a crowd, when
# the figures may be a little later so that nobody waits for a page. Once they are late, both have to give way a little.
REST, CROWD_REST, LATE_REST = 1.0, 9.0, 0.25
LATE_SECONDS = 8.0
CROWD_LINES = 300  # written in a second by this process
# While lines are taken in, threads that wait for the interpreter get it after this, not after Python's 5 ms.
SWITCH_SECONDS = 0.0005
AT_ONCE_SECONDS = 2.0  # the longest that a player waits for a busy database where plays are counted down
LAST_SECONDS = 2.0  # for what is left when the process ends; the rest waits for the next one


class Segment:
    """A file of lines that this process holds the lock of."""

    def __init__(self, path: Path, descriptor: int, size: int = 0, taken: int = 0) -> None:
        self.path = path
        self.descriptor = descriptor
        self.size = size  # bytes that end with a complete line
        self.taken = taken  # bytes that are in the database
        self.is_on_disk = True

    @classmethod
    def create(cls, folder: Path) -> Segment:
        """A new one. Raises OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        while True:
            path = folder / f"{socket.gethostname()[:60]}-{os.getpid()}-{secrets.token_hex(8)}{ENDING}"
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.fstat(descriptor).st_nlink:
                break
            os.close(descriptor)  # somebody came between the two, took it for left behind and removed it
        _sync_folder(folder)
        return cls(path, descriptor)

    @classmethod
    def adopt(cls, path: Path) -> Segment | None:
        """One that was left behind; None where its writer lives, or somebody else was quicker."""
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_APPEND)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            state = os.fstat(descriptor)
            if state.st_nlink:
                taken = SpoolPosition.objects.filter(name=path.name).values_list("taken_bytes", flat=True).first()
                return cls(path, descriptor, state.st_size, taken or 0)
        except BlockingIOError:
            pass
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        return None

    def write(self, line: bytes) -> None:
        """Append one line, or nothing. Raises OSError."""
        written = os.write(self.descriptor, line)
        if written != len(line):  # the disk is full
            os.ftruncate(self.descriptor, self.size)
            raise OSError("a line did not fit on the disk")
        self.size += written
        self.is_on_disk = False

    def sync(self) -> None:
        if not self.is_on_disk:
            self.is_on_disk = True  # before: what is written meanwhile is for the next time
            os.fsync(self.descriptor)

    def lines(self, at_most: int) -> bytes:
        """The next complete lines that are not in the database."""
        chunk = os.pread(self.descriptor, min(BATCH_BYTES, self.size - self.taken), self.taken)
        end = -1
        for _line in range(at_most):
            following = chunk.find(b"\n", end + 1)
            if following < 0:
                break
            end = following
        return chunk[: end + 1]

    def remove(self) -> None:
        """Everything is in the database. Raises OSError and DatabaseError."""
        try:
            # In this order: a position without a file is only a row too many, and goes with the next tidying.
            self.path.unlink(missing_ok=True)
            SpoolPosition.objects.filter(name=self.path.name).delete()
        finally:
            self.close()

    def close(self) -> None:
        """Let go of it, and of the lock."""
        self.is_on_disk = True  # as far as the thread is concerned that would look after it
        os.close(self.descriptor)


class Spool:
    """What one process writes, and its threads."""

    def __init__(self) -> None:
        self._writing = threading.Lock()  # held for one write or less: requests wait for it
        self._taking = threading.Lock()
        self._current: Segment | None = None
        self._full: list[Segment] = []
        self._written = 0  # lines, ever
        self._limit = BATCH_LINES
        self._refusals = 0
        self._looked_for_orphans = -ORPHAN_SECONDS
        self._refreshed_positions = time.monotonic()
        self._ending = threading.Event()
        self._threads: list[threading.Thread] = []

    def append(self, line: bytes) -> None:
        """Raises OSError."""
        with self._writing:
            segment = self._current
            if segment is not None and segment.size >= SEGMENT_BYTES:
                self._full.append(segment)
                segment = self._current = None
            if segment is None:
                segment = self._current = Segment.create(settings.SPOOL_DIR)
            segment.write(line)
            self._written += 1

    def start(self) -> None:
        """Begin to take in and to flush, if that has not begun."""
        if self._threads:
            return
        with self._writing:
            if self._threads or self._ending.is_set():
                return
            self._threads = [
                threading.Thread(target=self._take_in_again_and_again, name="spool-taking", daemon=True),
                threading.Thread(target=self._sync_again_and_again, name="spool-sync", daemon=True),
            ]
        for thread in self._threads:
            thread.start()
        # Not ``atexit``: the web server's processes are children of multiprocessing, which end without it.
        Finalize(None, self.stop, exitpriority=0)

    def stop(self) -> None:
        """Take in what is left, as far as time allows, and let go of everything."""
        if self._ending.is_set():
            return
        self._ending.set()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(LAST_SECONDS)
        with contextlib.suppress(Exception):  # reported where it happened
            self.take_in_all(until=time.monotonic() + LAST_SECONDS)
        with self._writing:
            mine = [*self._full, *([self._current] if self._current else [])]
            self._full, self._current = [], None
        for segment in mine:
            try:
                if segment.taken == segment.size:
                    segment.remove()
                else:
                    segment.sync()
                    segment.close()
            except (OSError, DatabaseError):
                complain("A segment of the spool was left behind")

    def drop_after_fork(self) -> None:
        """In a child: the parent's segments are the parent's, and so is the lock as long as nobody here has it open."""
        for segment in [*self._full, *([self._current] if self._current else [])]:
            with contextlib.suppress(OSError):
                segment.close()

    # --- Taking in ----------------------------------------------------------------------------------------------------

    def take_in_all(self, *, until: float | None = None) -> int:
        """Take in every complete line of this process, and of those that have ended.

        Args:
            until: on the monotonic clock; later no batch is begun, and there is no rest between them.

        Returns:
            How many events were new.

        Raises:
            DatabaseError: the database does not answer; everything that it has not taken stays where it is.
        """
        with self._taking:
            if connection.vendor == "sqlite" and not connection.in_atomic_block:
                with connection.cursor() as cursor:
                    # A line leaves the spool once the database has it on the disk, not in a log that is yet to be.
                    cursor.execute("PRAGMA synchronous=FULL")
            new = 0
            with self._writing:
                full, current = list(self._full), self._current
            for segment in full:
                new += self._take_in(segment, segment.size, until)
                if segment.taken == segment.size:
                    with self._writing:
                        self._full.remove(segment)
                    segment.remove()
            if current is not None:
                # As far as it goes now: a crowd writes faster than a batch is taken in, and others wait.
                new += self._take_in(current, current.size, until)
            for orphan in self._orphans():
                new += self._take_in_orphan(orphan, until)
            self._refresh_positions()
            return new

    def _refresh_positions(self) -> None:
        """A file that nobody writes to for a month is still here, and must not be taken in from its beginning."""
        if time.monotonic() - self._refreshed_positions < POSITION_SECONDS:
            return
        with self._writing:
            names = [segment.path.name for segment in [*self._full, *([self._current] if self._current else [])]]
        SpoolPosition.objects.filter(name__in=names).update(updated_at=timezone.now())
        self._refreshed_positions = time.monotonic()

    def _orphans(self) -> Iterator[Segment]:
        if time.monotonic() - self._looked_for_orphans < ORPHAN_SECONDS and not self._ending.is_set():
            return
        self._looked_for_orphans = time.monotonic()
        mine = {segment.path for segment in [*self._full, *([self._current] if self._current else [])]}
        for path in sorted(settings.SPOOL_DIR.glob(f"*{ENDING}")):
            if path not in mine and (segment := Segment.adopt(path)):
                yield segment

    def _take_in_orphan(self, segment: Segment, until: float | None) -> int:
        try:
            end = _end_of_last_line(segment)
            if end < segment.size:
                # Never answered: the answer goes out after the whole line is written.
                logger.warning("%s ends within a line, which is dropped", segment.path.name)
                segment.size = end
            new = self._take_in(segment, end, until)
        except BaseException:
            segment.close()
            raise
        if segment.taken >= segment.size:
            segment.remove()
            logger.info("%s was left behind; %d events of it were new", segment.path.name, new)
        else:
            segment.close()
        return new

    def _take_in(self, segment: Segment, end: int, until: float | None) -> int:
        new = 0
        while segment.taken < end and (until is None or time.monotonic() < until):
            if self._ending.is_set() and until is None:
                break
            lines = segment.lines(self._limit)
            if not lines:
                break
            begun, written = time.monotonic(), self._written
            new += self._take_in_batch(segment, lines)
            if until is None:
                took = time.monotonic() - begun
                is_crowded = self._written - written > CROWD_LINES * took
                is_late = segment.taken < segment.size and _age_of_last(lines) > LATE_SECONDS
                self._ending.wait(took * (LATE_REST if is_late else CROWD_REST if is_crowded else REST))
        return new

    def _take_in_batch(self, segment: Segment, lines: bytes) -> int:
        """Take in some lines; if the database will not have them, find out which by taking fewer at a time."""
        after = segment.taken + len(lines)
        usual = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_SECONDS)
        try:
            new = take_in(list(_records_in(lines)), segment=segment.path.name, taken_bytes=after)
        except Exception as error:
            if isinstance(error, DatabaseError) and not isinstance(error, DataError | IntegrityError):
                raise  # it is busy, away or not migrated yet; the same lines will do later
            if self._limit > 1:
                self._limit = max(1, min(self._limit, lines.count(b"\n")) // 2)
                return 0
            if self._refusals == REFUSALS_AT_MOST:
                raise  # that many at a stretch are not the lines' fault
            self._refusals += 1
            logger.exception("A line of %s could not be taken in and is kept in %s", segment.path.name, REFUSED)
            with (settings.SPOOL_DIR / REFUSED).open("ab") as refused:
                refused.write(lines)
            new = take_in([], segment=segment.path.name, taken_bytes=after)
        else:
            self._refusals = 0
        finally:
            sys.setswitchinterval(usual)
        segment.taken = after
        self._limit = min(self._limit * 2, BATCH_LINES)
        return new

    # --- The threads --------------------------------------------------------------------------------------------------

    def _take_in_again_and_again(self) -> None:
        while not self._ending.wait(settings.TAKE_IN_SECONDS):
            _keep_salts()
            try:
                self.take_in_all()
            except Exception:
                complain("What was counted could not be taken in; it stays in the spool")
            finally:
                close_old_connections()
        connection.close()

    def _sync_again_and_again(self) -> None:
        while not self._ending.wait(SYNC_SECONDS):
            with self._writing:
                segments = [*self._full, *([self._current] if self._current else [])]
            for segment in segments:
                try:
                    segment.sync()
                except (OSError, ValueError):  # closed meanwhile: then it is in the database
                    complain("The spool could not be put on the disk")


_spool = Spool()


def append(record: Record, *, at_once: bool = False) -> None:
    """Write one record down, so that it is counted whatever becomes of this process. Never raises.

    Args:
        at_once: have it in the database now, if that can be done in a moment: the next visitor has to know.
    """
    is_spooled = settings.TAKE_IN_SECONDS > 0
    if at_once or not is_spooled:
        try:
            with short_wait(AT_ONCE_SECONDS) if is_spooled else contextlib.nullcontext():
                take_in([record])
            return
        except Exception:
            complain("A count could not be taken in at once")
    if not is_spooled:
        return
    try:
        _spool.append(record.to_line())
        _spool.start()
    except OSError:
        complain("The spool could not be written to; what is asked for now is not counted")


def take_in_all() -> int:
    """Take in what is complete of this process's lines and of ended ones'; see :meth:`Spool.take_in_all`."""
    return _spool.take_in_all()


def start() -> None:
    """Let this process take in what others have left behind, before anybody asks it for anything."""
    if settings.TAKE_IN_SECONDS > 0:
        attributes.warm_up()
        _keep_salts()
        if not connection.in_atomic_block:
            connection.close()  # of no use to the threads that answer
        _spool.start()


def stop() -> None:
    """Take in what is left and let go of it. What is counted later begins anew."""
    global _spool
    ended, _spool = _spool, Spool()
    ended.stop()


def _keep_salts() -> None:
    """Whatever becomes of it, lines are taken in; without a salt visitors are counted and not told apart."""
    try:
        visitors.keep_salts()
    except Exception:
        complain("The salts of visitors could not be kept; who comes meanwhile is not told apart from others")


def _records_in(lines: bytes) -> Iterator[Record]:
    for line in lines.splitlines():
        try:
            yield Record.from_line(line)
        except ValueError:
            # The line itself is not for the log. A disk that was full leaves such.
            logger.warning("A line of the spool is no record, and is passed over (%d bytes)", len(line))


def _age_of_last(lines: bytes) -> float:
    """How many seconds ago the last of some lines was written: what follows it waits about as long."""
    try:
        return time.time() - float(Record.from_line(lines[lines.rfind(b"\n", 0, -1) + 1 :]).at)
    except (ValueError, TypeError, RecursionError):  # it is no record, which taking in has said
        return 0.0


def _end_of_last_line(segment: Segment) -> int:
    """Behind the last complete line of a whole file."""
    position = segment.size
    while position > segment.taken:
        start = max(segment.taken, position - BATCH_BYTES)
        newline = os.pread(segment.descriptor, position - start, start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        position = start
    return segment.taken


def _sync_folder(folder: Path) -> None:
    """A new file's name is on the disk, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _begin_anew() -> None:
    global _spool
    _spool.drop_after_fork()
    _spool = Spool()


os.register_at_fork(after_in_child=_begin_anew)
