"""Celery's file broker, with every file appearing whole.

Kombu's own file transport opens a message under its final name and writes into it afterwards. A worker that looks in
between takes an empty file, loses the message and ends with a JSON error; under load that happens within minutes. Here
everything is written aside and renamed into place, and a message is taken by a rename, so that one worker gets it.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.json import dumps, loads

logger = logging.getLogger(__name__)


class Channel(filesystem.Channel):
    """Messages in ``data_folder_out``, bindings in ``control_folder``; the folders are on one volume."""

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]  # as kombu's own
        # By wall clock, so that what was left from before a reboot still comes first.
        name = f"{time.time_ns():020d}_{uuid.uuid4()}.{queue}.msg"
        try:
            _write_whole(Path(self.data_folder_out) / name, dumps(payload))
        except OSError as error:
            raise ChannelError(f"Cannot add a message to {self.data_folder_out}") from error

    def _get(self, queue: str, timeout: Any = None) -> Any:
        ending = f"{queue}.msg"
        for name in sorted(os.listdir(self.data_folder_in)):
            if name.partition(".")[2] != ending:
                continue
            mine = Path(self.processed_folder) / name
            try:
                os.rename(Path(self.data_folder_in) / name, mine)
            except FileNotFoundError:  # another worker was quicker
                continue
            text = mine.read_text()
            mine.unlink()
            try:
                return loads(text)
            except ValueError:
                logger.error("a message that is no JSON was dropped: %s", name)
        raise Empty

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        wanted = (routing_key or "", pattern or "", queue or "")
        with self._table_lock():
            bound = [tuple(row) for row in self.get_table(exchange)]
            if wanted not in bound:
                _write_whole(self._exchange_file(exchange), dumps([wanted, *bound]))

    def _delete(self, queue: str, exchange: str, routing_key: str, pattern: str, *args: Any, **kwargs: Any) -> None:
        unwanted = (routing_key or "", pattern or "", queue or "")
        self._purge(queue)
        with self._table_lock():
            bound = [tuple(row) for row in self.get_table(exchange)]
            if unwanted in bound:
                _write_whole(self._exchange_file(exchange), dumps([row for row in bound if row != unwanted]))

    @contextlib.contextmanager
    def _table_lock(self) -> Iterator[None]:
        self.control_folder.mkdir(parents=True, exist_ok=True)
        with (self.control_folder / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # let go when the file is closed, also by a kill
            yield


class Transport(filesystem.Transport):
    Channel = Channel


def _write_whole(path: Path, text: str) -> None:
    draft = path.with_name(f".{uuid.uuid4()}.draft")
    try:
        draft.write_text(text)
        os.replace(draft, path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
