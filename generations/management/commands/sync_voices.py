"""`manage.py sync_voices`: bring the catalogue of voices into line with the engines."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from generations import services


class Command(BaseCommand):
    help = "Brings the catalogue of voices into line with the engines; a worker records the missing previews."

    def handle(self, *args: Any, **options: Any) -> None:
        synced = services.sync_voices()
        if options["verbosity"]:
            self.stdout.write(
                _("Voices: %(added)d new, %(updated)d changed, %(withdrawn)d withdrawn, %(to_prepare)d to prepare.")
                % vars(synced)
            )
