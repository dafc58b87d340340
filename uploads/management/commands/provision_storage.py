"""``manage.py provision_storage``: make the bucket, or bring it into line."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

import boto3
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from uploads.exceptions import StorageError
from uploads.provisioning import Finding, Plan, Provisioner, State
from uploads.storage.s3_client import make_client


class Command(BaseCommand):
    help = (
        "Makes the S3 bucket or brings it into line: ownership, public access, versioning, encryption, lifecycle and "
        "CORS. Says what it changed, a line each, and can be repeated. Exits with 1 when something is not as it "
        "should be, with 2 when the storage cannot be reached. docs/storage.md names the permissions that it needs."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="only say what differs, and change nothing")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        if not settings.S3_BUCKET:
            raise CommandError(_("S3_BUCKET is not set: objects are kept in a folder, which needs no provisioning."))
        client = make_client(
            boto3.session.Session(),
            region=settings.S3_REGION,
            endpoint_url=settings.S3_ENDPOINT_URL,
            addressing=settings.S3_ADDRESSING_STYLE,
        )
        is_right = True
        try:
            for finding in Provisioner(client, Plan.from_settings()).run(change=not check):
                self.stdout.write(_line(finding))
                is_right = is_right and finding.is_right
        except StorageError as error:
            raise CommandError(str(error), returncode=2) from error
        if not is_right:
            sys.exit(1)


def _line(finding: Finding) -> str:
    sentence = {
        State.RIGHT: _("right: %(aspect)s"),
        State.DIFFERS: _("differs: %(aspect)s is %(found)s and should be %(wanted)s"),
        State.CHANGED: _("changed: %(aspect)s was %(found)s and is now %(wanted)s"),
        State.NOT_OFFERED: _("not offered by this server: %(aspect)s (%(found)s)"),
        State.REFUSED: _("refused: %(aspect)s (%(found)s); it takes %(permissions)s"),
    }[finding.state]
    return sentence % {
        "aspect": finding.aspect,
        "found": finding.found,
        "wanted": finding.wanted,
        "permissions": finding.permissions,
    }
