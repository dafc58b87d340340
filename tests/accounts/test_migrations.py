"""The ledger's triggers come and go with their migration."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from accounts.models import TokenEntry
from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)


def is_protected() -> bool:
    """Whether the database refuses to change an entry. Whatever it did is taken back."""
    with transaction.atomic():
        make_user(tokens=10)
        try:
            with transaction.atomic():
                TokenEntry.objects.update(note="changed")
        except DatabaseError:
            return True
        finally:
            transaction.set_rollback(True)
    return False


def test_the_protection_is_reversible() -> None:
    # This one migration alone, back and forth: the columns that came after it stay, for the models that look here.
    loader = MigrationExecutor(connection).loader
    before = loader.project_state(("accounts", "0001_initial"))
    protection = loader.get_migration("accounts", "0002_ledger_is_append_only")
    try:
        with connection.schema_editor() as editor:
            protection.unapply(before.clone(), editor)
        assert not is_protected()
    finally:
        with connection.schema_editor() as editor:
            protection.apply(before.clone(), editor)
    assert is_protected()


def test_no_migration_is_missing() -> None:
    call_command("makemigrations", "accounts", "--check", "--dry-run", verbosity=0)
