"""`manage.py rebuild_rollups`: make the figures of listening anew from the raw events."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.models import User
from plays import rebuilding

BAR = 30  # characters
SECONDS_BETWEEN_LINES = 10.0  # at least, of those in the middle of a dot


class Command(BaseCommand):
    help = (
        "Makes the figures of all days anew that raw events still cover whole, and the totals on the dots. "
        "Older days stay as they are. Can be stopped and begun again at any time."
    )
    _shown_at = 0.0

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--account", metavar="E-MAIL", default="", help="only this account's dots")
        parser.add_argument("--dot", metavar="CODE", default="", help="only the dot with this code")

    def handle(self, *args: Any, **options: Any) -> None:
        account = None
        if options["account"]:
            account = User.objects.filter(email__iexact=options["account"]).first()
            if account is None:
                raise CommandError(_("There is no account with this e-mail address."))
        dots = list(rebuilding.dots_to_rebuild(account=account, code=options["dot"]).values_list("pk", flat=True))
        if options["dot"] and not dots:
            raise CommandError(_("There is no dot with this code."))
        events = 0
        for done, pk in enumerate(dots):
            self._show(done, len(dots), events)
            events += rebuilding.rebuild_dot(pk, progress=partial(self._show_within, done, len(dots), events))
        self._show(len(dots), len(dots), events, is_over=True)
        self.stdout.write(_("%(dots)d dots made anew from %(events)d events.") % {"dots": len(dots), "events": events})

    def _show_within(self, done: int, total: int, events: int, of_dot: int) -> None:
        """In the middle of a dot; one that was heard a million times takes minutes."""
        if self.stderr.isatty() or time.monotonic() - self._shown_at >= SECONDS_BETWEEN_LINES:
            self._write(done, total, events + of_dot, is_over=False)

    def _show(self, done: int, total: int, events: int, *, is_over: bool = False) -> None:
        """A bar where somebody looks at it; a line for every tenth of the way where it goes into a file."""
        is_terminal = self.stderr.isatty()
        if not is_terminal and not is_over and done * 10 // max(total, 1) == (done - 1) * 10 // max(total, 1):
            return
        self._write(done, total, events, is_over=is_over)

    def _write(self, done: int, total: int, events: int, *, is_over: bool) -> None:
        self._shown_at = time.monotonic()
        is_terminal = self.stderr.isatty()
        filled = BAR * done // max(total, 1)
        bar = "#" * filled + "." * (BAR - filled)
        line = f"[{bar}] {done}/{total} dots, {events} events"
        self.stderr.write(f"\r{line}" if is_terminal else line, ending="" if is_terminal and not is_over else "\n")
