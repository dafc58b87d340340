"""Prove that the token ledger adds up."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from accounts.ledger_check import find_faults
from accounts.models import TokenEntry, User


class Command(BaseCommand):
    help = (
        "Checks that every balance is the sum of its entries, that each entry follows from the one before, and that "
        "nothing was given back that was not charged. Exits with 1 and names the accounts when something is off."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        faults = 0
        for fault in find_faults():
            faults += 1
            self.stderr.write(self.style.ERROR(f"account {fault.account_id}: {fault.words}"))
        if faults:
            self.stderr.write(f"{faults} faults found.")
            sys.exit(1)
        entries, accounts = TokenEntry.objects.count(), User.objects.count()
        self.stdout.write(self.style.SUCCESS(f"The ledger adds up: {entries} entries, {accounts} accounts."))
