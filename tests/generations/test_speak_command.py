"""`manage.py speak`: files in a folder, an address on standard output, exit codes that scripts can use."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import connection
from mutagen.mp3 import MP3

from accounts.models import User
from generations import pipeline
from generations.management.commands import speak
from generations.models import Generation
from generations.qr.verify import rasterise, read_png
from generations.speech.base import ENGINE_REJECTED, EngineError
from generations.webvtt import parse_vtt
from tests.factories import make_user, make_voice
from tests.generations.stand_ins import ToneEngine

# The work is done in a thread of its own, which has to see the rows.
pytestmark = pytest.mark.django_db(transaction=True)

TEXT = "Hello there. This is a dot."


@pytest.fixture(autouse=True)
def voice(db):
    return make_voice()


@pytest.fixture
def alice(db):
    return make_user(email="alice@example.org", tokens=1_000)


def run(*arguments: str, **options: object) -> str:
    out = io.StringIO()
    call_command("speak", *arguments, stdout=out, **options)
    return out.getvalue()


def refusal(*arguments: str, **options: object) -> tuple[int, str]:
    """Exit code and message."""
    with pytest.raises(CommandError) as failure:
        run(*arguments, **options)
    return failure.value.returncode, str(failure.value)


def typed(monkeypatch, raw: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(raw)))


def test_it_makes_sound_captions_and_a_code_and_prints_the_address(alice, tmp_path, capfd):
    folder = tmp_path / "new" / "folder"
    out = run(TEXT, "--voice", "espeak:en-gb", "--owner", "ALICE@example.org", "--out", str(folder))

    generation = Generation.objects.select_related("dot").get()
    dot = generation.dot
    assert out == f"{dot.play_url}\n"
    assert capfd.readouterr().err == ""  # no bar in a pipe
    files = {path.suffix: path for path in folder.iterdir()}
    assert sorted(path.name for path in files.values()) == sorted(
        f"micdots-{dot.code}.{extension}" for extension in ("mp3", "png", "svg", "vtt")
    )
    duration = MP3(files[".mp3"]).info.length
    assert duration > 0.5
    cues = parse_vtt(files[".vtt"].read_text(), duration=duration)
    assert [cue.text for cue in cues] == ["Hello there.", "This is a dot."]
    assert read_png(files[".png"].read_bytes()) == dot.print_url
    assert read_png(rasterise(files[".svg"].read_text())) == dot.print_url
    assert (generation.owner, generation.status) == (alice, "ready")
    assert User.objects.get(pk=alice.pk).token_balance == 1_000 - len(TEXT)


def test_the_demo_account_pays_by_default(tmp_path, settings):
    run(TEXT, "--out", str(tmp_path))
    assert Generation.objects.get().owner.email == settings.DEMO_EMAIL


def test_a_file_is_read(alice, tmp_path):
    book = tmp_path / "book.txt"
    book.write_bytes(b"\xef\xbb\xbf" + "Grüße aus der Datei.".encode())
    run("--file", str(book), "--owner", alice.email, "--out", str(tmp_path), "--title", "Book")
    generation = Generation.objects.get()
    assert (generation.text, generation.title) == ("Grüße aus der Datei.", "Book")


def test_a_dash_is_standard_input(alice, tmp_path, monkeypatch):
    typed(monkeypatch, b"From a pipe.\n")
    run("-", "--owner", alice.email, "--out", str(tmp_path), "--speed", "1.5", "--pitch", "0.8")
    generation = Generation.objects.get()
    assert (generation.text, generation.speed, generation.pitch) == ("From a pipe.", 1.5, 0.8)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "--file"),
        ([TEXT, "--file", "book.txt"], "--file"),
        ([""], "text:"),
        (["\u200b"], "text:"),
        (["half \udcff"], "text:"),
        ([TEXT, "--voice", "espeak:nobody"], "voice:"),
        ([TEXT, "--voice", "\udcff"], "voice:"),
        ([TEXT, "--language", "ja"], "language:"),
        ([TEXT, "--language", "nonsense!"], "language:"),
        ([TEXT, "--title", "t" * 121], "title:"),
        ([TEXT, "--title", "\udcff"], "title:"),
        ([TEXT, "--speed", "9"], "speed:"),
        ([TEXT, "--pitch", "nan"], "pitch:"),
        ([TEXT, "--owner", "nobody@example.org"], "nobody@example.org"),
        (["--file", "/nowhere/book.txt"], "/nowhere/book.txt"),
        (["--file", "/"], "/"),
    ],
)
def test_bad_input_is_said_and_exits_with_2(tmp_path, arguments, says):
    make_user(email="demo@micdots.example", tokens=1_000)
    code, message = refusal(*arguments, "--out", str(tmp_path))
    assert code == 2
    assert says in message
    assert not Generation.objects.exists()
    assert list(tmp_path.iterdir()) == []


def test_bytes_that_are_not_utf_8_are_refused(alice, tmp_path, monkeypatch):
    typed(monkeypatch, "Grüße".encode("latin-1"))
    code, message = refusal("-", "--owner", alice.email, "--out", str(tmp_path))
    assert (code, "UTF-8" in message, "byte 3" in message) == (2, True, True)


def test_a_text_that_never_ends_is_not_read_to_its_end(alice, tmp_path):
    code, message = refusal("--file", "/dev/zero", "--owner", alice.email, "--out", str(tmp_path))
    assert (code, "too large" in message) == (2, True)


def test_a_folder_that_cannot_be_written_is_said_first(alice, tmp_path):
    (tmp_path / "file").touch()
    code, message = refusal(TEXT, "--owner", alice.email, "--out", str(tmp_path / "file" / "folder"))
    assert code == 2
    assert "Cannot write" in message
    assert not Generation.objects.exists()


def test_too_few_tokens_exit_with_3(tmp_path):
    make_user(email="poor@example.org", tokens=1)
    code, message = refusal(TEXT, "--owner", "poor@example.org", "--out", str(tmp_path))
    assert (code, "27" in message) == (3, True)


def test_a_voice_that_cannot_be_made_exits_with_1_and_gives_back(alice, tmp_path, monkeypatch):
    def reject(number: int) -> None:
        raise EngineError(ENGINE_REJECTED, permanent=True)

    monkeypatch.setattr(pipeline, "engine", lambda name: ToneEngine(reject))
    code, message = refusal(TEXT, "--owner", alice.email, "--out", str(tmp_path))
    assert (code, "refused" in message) == (1, True)
    assert User.objects.get(pk=alice.pk).token_balance == 1_000
    assert list(tmp_path.iterdir()) == []


def test_a_fault_that_passes_is_waited_out(alice, tmp_path, monkeypatch, settings):
    settings.GENERATION_RETRY_SECONDS = 0.01
    errors = [OSError(28, "No space left on device")]

    def fail_once(number: int) -> None:
        if errors:
            raise errors.pop()

    monkeypatch.setattr(pipeline, "engine", lambda name: ToneEngine(fail_once))
    run(TEXT, "--owner", alice.email, "--out", str(tmp_path))
    assert Generation.objects.get().status == "ready"
    assert len(list(tmp_path.iterdir())) == 4


def test_files_that_cannot_be_written_are_said_with_the_address(alice, tmp_path, monkeypatch):
    def full(self: speak.Command, generation: Generation, out: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(speak.Command, "_write_files", full)
    code, message = refusal(TEXT, "--owner", alice.email, "--out", str(tmp_path))
    generation = Generation.objects.select_related("dot").get()
    assert code == 1
    assert generation.dot.play_url in message
    assert "No space left" in message
    assert generation.status == "ready"


def test_interrupting_cancels_and_gives_back(alice, tmp_path, monkeypatch):
    begun = threading.Event()
    join = threading.Thread.join

    def interrupted(thread: threading.Thread, timeout: float | None = None) -> None:
        assert begun.wait(10)
        monkeypatch.setattr(threading.Thread, "join", join)
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "engine", lambda name: ToneEngine(lambda number: begun.set()))
    monkeypatch.setattr("generations.voicing._TELL_EVERY", 0)
    monkeypatch.setattr(pipeline, "WRITE_EVERY_SECONDS", 0)
    monkeypatch.setattr(threading.Thread, "join", interrupted)

    code, message = refusal("Hm. " * 200, "--owner", alice.email, "--out", str(tmp_path))

    assert (code, message) == (130, "Cancelled; the tokens are back.")
    assert Generation.objects.get().status == "cancelled"
    assert User.objects.get(pk=alice.pk).token_balance == 1_000
    assert list(tmp_path.iterdir()) == []


def test_from_a_shell_the_address_is_all_that_is_printed(alice, tmp_path):
    """Another process, on the same database: exit codes and streams as a script meets them."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        url = f"sqlite:///{database['NAME']}"
    else:
        url = (
            f"postgres://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT'] or 5432}/"
            + (database["NAME"])
        )
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "micdots.settings.local",
        "DATABASE_URL": url,
        "VAR_DIR": str(tmp_path / "var"),
        "SITE_URL": "http://dots.example.org",
        "S3_BUCKET": django_settings.S3_BUCKET,  # of this test process, where the suite runs on S3
    }

    def shell(*arguments: str, typed: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "manage.py", "speak", *arguments, "--owner", alice.email, "--out", str(tmp_path / "out")],
            cwd=django_settings.BASE_DIR,
            env=environment,
            input=typed,
            capture_output=True,
            timeout=60,
            check=False,
        )

    good = shell("-", typed=b"Hello from a shell.")
    assert good.returncode == 0, good.stderr.decode()
    code = Generation.objects.select_related("dot").get().dot.code
    assert good.stdout.decode() == f"http://dots.example.org/d/{code}\n"
    assert good.stderr.decode() == ""
    assert MP3(tmp_path / "out" / f"micdots-{code}.mp3").info.length > 0.5

    bad = shell("-", typed=b"\xff\xfe")
    assert (bad.returncode, bad.stdout) == (2, b"")
    assert b"UTF-8" in bad.stderr
    assert b"Traceback" not in bad.stderr
