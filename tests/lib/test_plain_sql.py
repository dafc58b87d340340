"""Rows that are read and written without the ORM are the rows that the ORM knows."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection

from accounts.models import User
from micdots.lib.plain_sql import columns, insert, row_of
from uploads.models import Upload, UploadEvent

pytestmark = pytest.mark.django_db


def values_of(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def read(model, pk):
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns(model, table)} FROM {table} WHERE id = %s", [pk])  # noqa: S608 - our own names
        return row_of(model, cursor.fetchone())


def upload_of(owner, **values):
    return Upload(
        owner=owner,
        scope="audio",
        key="audio/2026/11/a.mp3",
        file_name="Grüße.mp3",
        content_type="audio/mpeg",
        max_bytes=5 * 1024**3,
        expires_at=datetime(2026, 11, 21, 12, 30, 15, 123456, tzinfo=UTC),
        **values,
    )


def test_a_row_is_read_as_the_orm_reads_it(alice):
    User.objects.filter(pk=alice.pk).update(suspended_at=datetime.now(UTC), storage_quota_bytes=None, is_staff=True)

    found = read(User, alice.pk)

    assert found == alice
    assert values_of(found) == values_of(User.objects.get(pk=alice.pk))
    found.name = "Alice Liddell"
    found.save(update_fields=["name"])
    assert User.objects.get(pk=alice.pk).name == "Alice Liddell"


def test_a_row_is_written_as_the_orm_writes_it(alice):
    row = upload_of(alice)

    insert(row)

    stored = Upload.objects.get(pk=row.pk)
    assert values_of(stored) == values_of(row)
    assert stored.created_at is not None
    assert stored.status == Upload.Status.PENDING
    assert not row._state.adding
    assert values_of(read(Upload, row.pk)) == values_of(stored)


def test_a_row_may_belong_to_nobody():
    event = UploadEvent(action=UploadEvent.Action.REFUSED)

    insert(event)

    assert UploadEvent.objects.get(pk=event.pk).account is None


@pytest.mark.django_db(transaction=True)
def test_what_the_database_refuses_is_not_written(alice):
    insert(upload_of(alice))

    with pytest.raises(IntegrityError):
        insert(upload_of(alice))

    assert Upload.objects.count() == 1


def test_it_is_one_query(alice, django_assert_num_queries):
    with django_assert_num_queries(1):
        insert(upload_of(alice))
