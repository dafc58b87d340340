"""The token ledger: every change of a balance goes through here and leaves an entry.

How it holds (docs/adr/0005-token-ledger.md): the balance column changes by one conditional UPDATE, in the same
transaction as the entry that explains it. That UPDATE also takes the lock of the account's row, so the entries of one
account are written one after the other, and ``balance_after`` is the balance that this very UPDATE left. The database
refuses what would still get past: a CHECK on the balance, a unique (reference, kind, attempt), and triggers against
changing entries.

Every function runs in the caller's transaction where there is one, else in its own: either the balance and the entry
are both written, or neither. They raise before anything is written, or everything they wrote is taken back.
"""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import F

from accounts.exceptions import AlreadyCharged
from accounts.models import TokenEntry, User
from micdots.lib.errors import InsufficientTokens

Kind = TokenEntry.Kind


@transaction.atomic
def charge(*, account: User, amount: int, reference: UUID, attempt: int, note: str = "") -> TokenEntry | None:
    """Take the price of one attempt from the balance.

    Args:
        account: who pays; the in-memory balance is set to what is left.
        amount: tokens, 0 or more.
        reference: the public id of the generation.
        attempt: 1 for the first try of this generation, 2 after a retry that is paid for again, …

    Returns:
        The entry, or None when the amount is 0: what is free leaves no entry.

    Raises:
        InsufficientTokens: the balance does not cover it.
        AlreadyCharged: this attempt was charged before.
    """
    _check_amount(amount, least=0)
    if amount == 0:
        return None
    return _move(
        account=account, kind=Kind.CHARGE, amount=-amount, reference=reference, attempt=attempt, note=note, once=True
    )


@transaction.atomic
def refund(*, account: User, reference: UUID, attempt: int, note: str = "") -> TokenEntry | None:
    """Give back what this attempt was charged; once, however often and from however many places it is called.

    Returns:
        The entry, or None when there is nothing to give back: the attempt was free, was never charged to this account,
        or has been refunded before. A caller need not know which, so that two who see the same failure may both call.
    """
    charged = TokenEntry.objects.filter(account=account, kind=Kind.CHARGE, reference=reference, attempt=attempt).first()
    if charged is None:
        return None
    try:
        return _move(
            account=account,
            kind=Kind.REFUND,
            amount=-charged.amount,
            reference=reference,
            attempt=attempt,
            note=note,
            once=True,
        )
    except AlreadyCharged:
        return None


@transaction.atomic
def grant(*, account: User, amount: int, actor: User | None, note: str) -> TokenEntry:
    """Give tokens for a reason (``note``); ``actor`` is the member of staff, None when the program gives them."""
    _check_amount(amount)
    return _move(account=account, kind=Kind.GRANT, amount=amount, actor=actor, note=note)


@transaction.atomic
def withdraw(*, account: User, amount: int, actor: User | None, note: str) -> TokenEntry:
    """Take tokens away for a reason (``note``).

    Raises:
        InsufficientTokens: there are fewer; nothing is taken.
    """
    _check_amount(amount)
    return _move(account=account, kind=Kind.WITHDRAWAL, amount=-amount, actor=actor, note=note)


@transaction.atomic
def welcome(*, account: User, amount: int, note: str = "") -> TokenEntry | None:
    """The tokens that an account starts with. Once in its life: None when it had them before, or when amount is 0."""
    _check_amount(amount, least=0)
    if amount == 0:
        return None
    _lock(account)
    if TokenEntry.objects.filter(account=account, kind=Kind.WELCOME).exists():
        return None
    return _move(account=account, kind=Kind.WELCOME, amount=amount, note=note)


def _move(
    *,
    account: User,
    kind: TokenEntry.Kind,
    amount: int,
    reference: UUID | None = None,
    attempt: int = 0,
    note: str = "",
    actor: User | None = None,
    once: bool = False,
) -> TokenEntry:
    """Change the balance by ``amount`` (signed) and write the entry. ``once``: (reference, kind, attempt) is new."""
    # A block of its own: the balance goes back if the entry cannot be written, also when the caller catches the error.
    with transaction.atomic():
        rows = User.objects.filter(pk=account.pk)
        if amount < 0:
            rows = rows.filter(token_balance__gte=-amount)
        if not rows.update(token_balance=F("token_balance") + amount):
            raise InsufficientTokens(required=-amount, available=_balance(account))
        # From here on the row is locked until the end of the transaction, so what is read now stays true.
        if once and TokenEntry.objects.filter(reference=reference, kind=kind, attempt=attempt).exists():
            raise AlreadyCharged
        balance = _balance(account)
        entry = TokenEntry.objects.create(
            account=account,
            kind=kind,
            amount=amount,
            balance_after=balance,
            reference=reference,
            attempt=attempt,
            note=note,
            actor=actor,
        )
    account.token_balance = balance
    return entry


def _balance(account: User) -> int:
    return User.objects.values_list("token_balance", flat=True).get(pk=account.pk)


def _lock(account: User) -> None:
    """Wait for whoever moves this balance now. (SQLite has no row locks: its transactions lock at their start.)"""
    User.objects.select_for_update().values_list("pk").get(pk=account.pk)


def _check_amount(amount: int, *, least: int = 1) -> None:
    if amount < least:
        raise ValueError(f"A number of tokens is at least {least}, not {amount}.")
