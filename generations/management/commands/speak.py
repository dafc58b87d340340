"""`manage.py speak`: a text becomes a dot, and its files land in a folder."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils.translation import gettext as _
from tqdm import tqdm

from accounts.demo import ensure_demo_account
from accounts.models import User
from generations import pipeline, services
from generations.exceptions import failure_message
from generations.models import Generation, Voice
from micdots.lib.errors import Conflict, InsufficientTokens, MicDotsError, ValidationFailed
from uploads.storage import StorageError, store

BAD_INPUT, FAILED, NO_TOKENS, INTERRUPTED = 2, 1, 3, 130
POLL_SECONDS = 0.2
MOST_BYTES = settings.MAX_BODY_BYTES  # as much as the API takes


class Command(BaseCommand):
    help = (
        "Makes a dot of a text: MP3, captions (WebVTT) and QR code (PNG, SVG) in a folder; prints the play address. "
        "Exit codes: 0 ready, 1 the voice could not be made, 2 bad input, 3 not enough tokens, 130 interrupted."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("text", nargs="?", help="what to speak; - reads standard input")
        parser.add_argument("--file", type=Path, help="read the text from this file (UTF-8)")
        parser.add_argument("--voice", default="", help="a voice id, such as espeak:en-gb (see /voices/)")
        parser.add_argument("--language", default="", help="a language tag, such as en-GB; default: the voice's")
        parser.add_argument("--title", default="", help="default: the first words of the text")
        parser.add_argument("--speed", type=float, default=1.0, help="0.5 to 2.0")
        parser.add_argument("--pitch", type=float, default=1.0, help="0.5 to 2.0")
        parser.add_argument("--owner", help="the account's e-mail address; default: the demo account")
        parser.add_argument("--out", type=Path, default=Path(), help="the folder for the files; default: this one")

    def handle(self, *args: Any, **options: Any) -> None:
        text = self._text(options)
        out: Path = options["out"]
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CommandError(
                _("Cannot write to %(folder)s: %(reason)s.") % {"folder": out, "reason": error.strerror},
                returncode=BAD_INPUT,
            ) from error
        owner = self._owner(options["owner"])
        if not Voice.objects.exists():
            services.sync_voices()
        try:
            generation = services.request_generation(
                owner=owner,
                text=text,
                voice_key=options["voice"],
                language=options["language"],
                title=options["title"],
                speed=options["speed"],
                pitch=options["pitch"],
            )
        except InsufficientTokens as error:
            raise CommandError(str(error.message), returncode=NO_TOKENS) from error
        except ValidationFailed as error:
            lines = [f"{field}: {message}" for field, messages in error.details.items() for message in messages]
            raise CommandError("\n".join(lines), returncode=BAD_INPUT) from error
        except MicDotsError as error:
            raise CommandError(str(error.message), returncode=FAILED) from error
        generation = self._make(generation)
        if generation.status != Generation.Status.READY:
            raise CommandError(str(failure_message(generation.error_code)), returncode=FAILED)
        try:
            self._write_files(generation, out)
        except (OSError, StorageError) as error:
            reason = error.strerror if isinstance(error, OSError) else error.message
            raise CommandError(
                _("The voice is ready at %(address)s, but its files could not be written: %(reason)s")
                % {"address": generation.dot.play_url, "reason": reason},
                returncode=FAILED,
            ) from error
        self.stdout.write(generation.dot.play_url)

    def _make(self, generation: Generation) -> Generation:
        """Do the work here, unless a worker was quicker; Ctrl-C cancels it and gives the tokens back."""
        worker = threading.Thread(target=_fulfil_until_ended, args=[generation.pk], daemon=True)
        quiet = not sys.stderr.isatty()
        try:
            worker.start()
            with tqdm(total=100, unit="%", disable=quiet, bar_format="{l_bar}{bar}| {elapsed}") as bar:
                while worker.is_alive():
                    worker.join(POLL_SECONDS)
                    if not quiet:
                        progress = Generation.objects.values_list("progress", flat=True).get(pk=generation.pk)
                        bar.update(progress - bar.n)
        except KeyboardInterrupt:
            try:
                services.cancel_generation(generation=generation)
                message = _("Cancelled; the tokens are back.")
            except Conflict:
                message = _("Interrupted when it had already ended; see %(address)s.") % {
                    "address": generation.dot.play_url
                }
            worker.join(5)
            raise CommandError(message, returncode=INTERRUPTED) from None
        return Generation.objects.select_related("dot", "voice").get(pk=generation.pk)

    def _write_files(self, generation: Generation, out: Path) -> None:
        dot = generation.dot
        name = f"micdots-{dot.code}"
        objects = {"mp3": generation.audio_key, "png": dot.qr_png_key, "svg": dot.qr_svg_key}
        for extension, key in objects.items():
            with store().open(key) as source, (out / f"{name}.{extension}").open("wb") as target:
                for chunk in source:
                    target.write(chunk)
        (out / f"{name}.vtt").write_text(generation.captions, encoding="utf-8")

    def _text(self, options: dict[str, Any]) -> str:
        text, path = options["text"], options["file"]
        if (text is None) == (path is None):
            raise CommandError(_("Give a text, - for standard input, or --file."), returncode=BAD_INPUT)
        try:
            if path is not None:
                with path.open("rb") as file:
                    raw = file.read(MOST_BYTES + 1)
            elif text == "-":
                raw = sys.stdin.buffer.read(MOST_BYTES + 1)
            else:
                return str(text)
        except OSError as error:
            raise CommandError(
                _("Cannot read %(file)s: %(reason)s.") % {"file": path, "reason": error.strerror},
                returncode=BAD_INPUT,
            ) from error
        if len(raw) > MOST_BYTES:
            raise CommandError(_("This text is too large. Please split it."), returncode=BAD_INPUT)
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise CommandError(
                _("This text is not UTF-8 (byte %(position)d). Please save it as UTF-8.")
                % {"position": error.start + 1},
                returncode=BAD_INPUT,
            ) from error

    def _owner(self, email: str | None) -> User:
        if email is None:
            return ensure_demo_account().account
        owner = User.objects.filter(email__iexact=email, is_active=True).first()
        if owner is None:
            raise CommandError(_("There is no account %(email)s.") % {"email": email}, returncode=BAD_INPUT)
        return owner


def _fulfil_until_ended(pk: int) -> None:
    try:
        while True:
            again_in = pipeline.fulfil(pk)
            if Generation.objects.filter(
                pk=pk, status__in=[Generation.Status.QUEUED, Generation.Status.PROCESSING]
            ).exists():
                threading.Event().wait(POLL_SECONDS if again_in is None else again_in)
            else:
                return
    finally:
        connection.close()
