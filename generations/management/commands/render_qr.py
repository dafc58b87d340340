"""`manage.py render_qr`: draw codes again whose printed address is no longer the site's."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from generations import services
from generations.models import Dot
from generations.qr import QrUnreadable
from micdots.lib.errors import Gone
from uploads.storage import StorageError


class Command(BaseCommand):
    help = (
        "Draws the codes again whose address is no longer that of SITE_URL. "
        "What is already printed keeps the old address, so keep that one working."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="draw every code again, also those that are right")

    def handle(self, *args: Any, **options: Any) -> None:
        drawn = failed = 0
        for dot in Dot.objects.filter(purged_at=None).exclude(qr_drawn_at=None).iterator():
            if dot.qr_url == dot.print_url and not options["all"]:
                continue
            try:
                services.draw_qr(dot, again=True)
                drawn += 1
            except Gone:
                continue  # purged since the list was read
            except (QrUnreadable, StorageError) as error:
                failed += 1
                self.stderr.write(f"{dot.code}: {error}")
        self.stdout.write(_("%(drawn)d codes drawn again.") % {"drawn": drawn})
        if failed:
            raise CommandError(_("%(failed)d codes could not be drawn.") % {"failed": failed})
