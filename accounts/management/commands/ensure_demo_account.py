"""Make the demo account on the first start, and say how to sign in on every one."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from accounts.demo import ensure_demo_account
from micdots.lib.errors import ValidationFailed


class Command(BaseCommand):
    help = "Makes the demo account if there is none and prints its e-mail and password. Never resets a password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--even-in-production",
            action="store_true",
            help="make it on a public installation too, where everybody who knows the password may use its tokens",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.IS_PRODUCTION and not options["even_in_production"]:
            raise CommandError(
                _("There is no demo account in production. Use --even-in-production if you really want one.")
            )
        try:
            demo = ensure_demo_account()
        except ValidationFailed as error:
            reasons = " ".join(str(message) for messages in error.details.values() for message in messages)
            raise CommandError(_("DEMO_PASSWORD cannot be used: %(reasons)s") % {"reasons": reasons}) from error
        self.stdout.write(f"{_('E-mail')}: {demo.account.email}")
        self.stdout.write(f"{_('Password')}: {demo.password or _('(changed since the first start)')}")
