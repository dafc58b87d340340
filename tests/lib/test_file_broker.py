"""The file broker under several processes: nothing lost, nothing doubled, nothing half-read."""

from __future__ import annotations

import json
import multiprocessing
import time
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection

import micdots.celery  # noqa: F401 - registers the transport

WRITERS, READERS, EACH = 3, 3, 150


def connect(folder: Path) -> Connection:
    options = {
        "data_folder_in": str(folder / "queue"),
        "data_folder_out": str(folder / "queue"),
        "control_folder": str(folder / "control"),
        "processed_folder": str(folder / "processed"),
    }
    for name in ("queue", "control", "processed"):
        (folder / name).mkdir(exist_ok=True)
    return Connection("micdots-files://localhost", transport_options=options)


def write(folder: Path, writer: int) -> None:
    with connect(folder) as connection:
        queue = connection.SimpleQueue("work")
        for number in range(EACH):
            queue.put({"id": f"{writer}-{number}", "filler": "x" * 2000})


def read(folder: Path, found: Any, stop_at: float) -> None:
    with connect(folder) as connection:
        queue = connection.SimpleQueue("work", no_ack=True)
        while time.monotonic() < stop_at and found.qsize() < WRITERS * EACH:
            try:
                found.put(queue.get(timeout=0.2).payload["id"])
            except Empty:
                continue


def test_several_writers_and_readers_lose_and_double_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    found = context.Manager().Queue()
    people = [context.Process(target=write, args=[tmp_path, number]) for number in range(WRITERS)]
    people += [context.Process(target=read, args=[tmp_path, found, time.monotonic() + 30]) for _ in range(READERS)]
    for person in people:
        person.start()
    for person in people:
        person.join(40)

    ids = [found.get() for _ in range(found.qsize())]

    assert [person.exitcode for person in people] == [0] * len(people)
    assert sorted(ids) == sorted(f"{writer}-{number}" for writer in range(WRITERS) for number in range(EACH))


# Kombu remembers a process's bindings, whatever the folder; so each test has a queue of its own name.


def test_a_broken_message_is_dropped_and_the_next_one_read(tmp_path: Path) -> None:
    with connect(tmp_path) as connection:
        queue = connection.SimpleQueue("broken", no_ack=True)
        (tmp_path / "queue" / "0_broken.broken.msg").write_text("")
        queue.put("whole")

        assert queue.get(timeout=2).payload == "whole"


def test_messages_come_in_the_order_they_were_sent(tmp_path: Path) -> None:
    with connect(tmp_path) as connection:
        queue = connection.SimpleQueue("ordered", no_ack=True)
        for number in range(5):
            queue.put(number)

        assert [queue.get(timeout=2).payload for _ in range(5)] == [0, 1, 2, 3, 4]


def test_a_draft_is_never_taken_for_a_message(tmp_path: Path) -> None:
    with connect(tmp_path) as connection:
        queue = connection.SimpleQueue("drafts", no_ack=True)
        (tmp_path / "queue" / ".0_half.draft").write_text(json.dumps({"half": "a mess"}))

        with pytest.raises(Empty):
            queue.get(block=False)


def test_binding_twice_keeps_one_line(tmp_path: Path) -> None:
    with connect(tmp_path) as connection:
        channel = connection.channel()
        channel._queue_bind("exchange", "key", "", "work")
        channel._queue_bind("exchange", "key", "", "work")
        channel._queue_bind("exchange", "key", "", "other")

        assert [row.queue for row in channel.get_table("exchange")] == ["other", "work"]

        channel._delete("other", "exchange", "key", "")
        assert [row.queue for row in channel.get_table("exchange")] == ["work"]
