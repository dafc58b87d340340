"""``manage.py check_storage``: does every object belong to a row, and is every row's object there?"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from uploads.checking import Faults, delete_orphans, find_faults
from uploads.exceptions import StorageError
from uploads.storage import store


class Command(BaseCommand):
    help = (
        "Compares the storage with the rows: objects without a row, rows without their object, sizes that differ. "
        "Exits with 1 when something is found that was not repaired, with 2 when the storage cannot be reached."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--repair",
            action="store_true",
            help="say which objects without a row would be deleted (those younger than an hour are left alone)",
        )
        parser.add_argument("--apply", action="store_true", help="with --repair: delete them")

    def handle(self, *args: Any, repair: bool, apply: bool, **options: Any) -> None:
        if apply and not repair:
            raise CommandError(_("--apply belongs to --repair."))
        objects = store()
        try:
            faults = find_faults(objects)
            self._report(faults)
            if repair:
                self._repair(faults, apply=apply)
        except StorageError as error:
            raise CommandError(str(error), returncode=2) from error
        if faults:
            sys.exit(1)

    def _report(self, faults: Faults) -> None:
        for orphan in faults.orphans:
            self.stdout.write(_("no row: %(key)s, %(size)d bytes") % {"key": orphan.key, "size": orphan.size_bytes})
        for missing in faults.missing:
            self.stdout.write(_("no object: %(key)s, of %(owner)s") % {"key": missing.key, "owner": missing.owner})
        for wrong in faults.wrong_sizes:
            self.stdout.write(
                _("size differs: %(key)s, of %(owner)s, is %(found)d bytes and should be %(expected)d")
                % {"key": wrong.key, "owner": wrong.owner, "found": wrong.object_bytes, "expected": wrong.row_bytes}
            )
        for key in faults.shared:
            self.stdout.write(_("several rows: %(key)s") % {"key": key})
        if not faults:
            self.stdout.write(
                _("Storage and rows agree: %(count)d objects, each with its row.") % {"count": faults.objects}
            )

    def _repair(self, faults: Faults, *, apply: bool) -> None:
        if not apply:
            self.stdout.write(_("Nothing was changed. Add --apply to delete the objects that no row owns."))
            return
        deleted = set(delete_orphans(store(), faults.orphans))
        faults.orphans = [orphan for orphan in faults.orphans if orphan.key not in deleted]
        self.stdout.write(_("Deleted: %(count)d.") % {"count": len(deleted)})
        if faults.orphans:
            self.stdout.write(_("Left alone, younger than an hour: %(count)d.") % {"count": len(faults.orphans)})
