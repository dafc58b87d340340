"""Does the ledger add up? Asked by ``manage.py check_ledger``; reads only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Sum, Value, Window
from django.db.models.functions import Coalesce, Lag

from accounts.models import TokenEntry, User

Kind = TokenEntry.Kind


@dataclass(frozen=True)
class Fault:
    account_id: int
    words: str


def find_faults() -> Iterator[Fault]:
    """Everything that is off: sums, chains, refunds. Yields nothing when all is well.

    Consistent while the service runs: each rule is one query, and one query sees one moment.
    """
    yield from _wrong_sums()
    yield from _broken_chains()
    yield from _refunds_without_charge()


def _wrong_sums() -> Iterator[Fault]:
    total = (
        TokenEntry.objects.filter(account=OuterRef("pk"))
        .order_by()
        .values("account")
        .annotate(t=Sum("amount"))
        .values("t")
    )
    accounts = User.objects.annotate(ledger_sum=Coalesce(total, Value(0))).exclude(ledger_sum=F("token_balance"))
    for account in accounts.order_by("pk").iterator():
        yield Fault(account.pk, f"balance is {account.token_balance}, the entries sum to {account.ledger_sum}")


def _broken_chains() -> Iterator[Fault]:
    """Each ``balance_after`` is the one before plus the amount; the first one is its own amount."""
    before = Coalesce(Window(Lag("balance_after"), partition_by=[F("account_id")], order_by=F("pk").asc()), Value(0))
    entries = TokenEntry.objects.annotate(before=before).exclude(balance_after=F("before") + F("amount"))
    for entry in entries.order_by("pk").iterator():
        expected = entry.before + entry.amount
        yield Fault(entry.account_id, f"entry {entry.pk} leaves {entry.balance_after}, expected {expected}")


def _refunds_without_charge() -> Iterator[Fault]:
    charge = TokenEntry.objects.filter(
        kind=Kind.CHARGE,
        account=OuterRef("account"),
        reference=OuterRef("reference"),
        attempt=OuterRef("attempt"),
        amount=-1 * OuterRef("amount"),
    )
    for entry in TokenEntry.objects.filter(~Exists(charge), kind=Kind.REFUND).order_by("pk").iterator():
        yield Fault(entry.account_id, f"entry {entry.pk} gives back {entry.amount} that no charge took")
