"""Accounts with unusual uploads are shown to staff, and told by mail once a day."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from accounts.mail_delivery import deliver
from accounts.models import MailLog, User
from tests.factories import make_owner, make_staff
from tests.uploads.uploading import signed_upload
from uploads import services
from uploads.models import UploadEvent
from uploads.services.events import record
from uploads.services.patterns import unusual_patterns


@pytest.fixture(autouse=True)
def _small_limits(settings):
    settings.UPLOAD_PATTERN_UNUSED, settings.UPLOAD_PATTERN_REJECTED = 3, 2


def happen(account: User, action: str, times: int, hours_ago: float = 1) -> None:
    for _time in range(times):
        line = record(UploadEvent.Action(action), account=account, scope="audio")
        UploadEvent.objects.filter(pk=line.pk).update(at=timezone.now() - timedelta(hours=hours_ago))


def test_above_a_limit_is_unusual(alice, bob, charlie):
    happen(alice, "expired", 4)
    happen(bob, "rejected", 3)
    happen(charlie, "expired", 3)
    happen(charlie, "rejected", 2)
    happen(charlie, "completed", 50)

    assert [(each.account, each.unused, each.rejected) for each in unusual_patterns()] == [(bob, 0, 3), (alice, 4, 0)]


def test_what_is_long_ago_does_not_count(alice):
    happen(alice, "rejected", 9, hours_ago=25)

    assert unusual_patterns() == []


def test_staff_who_may_look_are_told_once_a_day(alice, django_capture_on_commit_callbacks):
    owner = make_owner(email="owner@example.org")
    make_staff(email="other@example.org")
    happen(alice, "rejected", 3)

    with django_capture_on_commit_callbacks(execute=True):
        assert services.flag_unusual_uploads() == 1
        assert services.flag_unusual_uploads() == 0

    assert MailLog.objects.filter(kind="uploads-unusual").values_list("account", flat=True)[0] == owner.pk
    assert MailLog.objects.filter(kind="uploads-unusual").count() == 1
    assert UploadEvent.objects.get(action="flagged").account == alice
    UploadEvent.objects.filter(action="flagged").update(at=timezone.now() - timedelta(hours=25))
    assert services.flag_unusual_uploads() == 1


def test_the_mail_says_where_to_look_and_not_who(alice, local_store, django_capture_on_commit_callbacks):
    owner = make_owner(email="owner@example.org")
    happen(alice, "rejected", 3)
    services.flag_unusual_uploads()
    log = MailLog.objects.get(kind="uploads-unusual")
    context = {"account_id": alice.pk, "unused": 0, "rejected": 3, "hours": 24, "page": "http://x/", "name": owner.name}
    deliver(log_id=log.pk, recipient=owner.email, context=context)

    assert str(alice.pk) in mail.outbox[-1].subject
    assert "alice@example.org" not in mail.outbox[-1].body


def test_the_front_page_of_the_back_office_shows_them(client, alice):
    happen(alice, "rejected", 3)
    client.force_login(make_owner())

    page = client.get(reverse("admin:index")).content.decode()

    assert "Unusual uploads" in page
    assert f"account__id__exact={alice.pk}" in page


@pytest.mark.parametrize("name", ["upload", "file", "fileshare", "uploadevent"])
def test_staff_may_look_and_change_nothing(client, alice, local_store, name):
    signed_upload(alice)
    client.force_login(make_owner())

    page = client.get(reverse(f"admin:uploads_{name}_changelist"))

    assert page.status_code == 200
    assert client.get(reverse(f"admin:uploads_{name}_add")).status_code == 403


def test_the_log_is_filtered(client, alice, bob, local_store):
    signed_upload(alice)
    signed_upload(bob, scope="temp")
    line = UploadEvent.objects.get(account=alice)
    client.force_login(make_owner())

    page = client.get(
        reverse("admin:uploads_uploadevent_changelist"), {"scope__exact": "audio", "action__exact": "signed"}
    )

    assert page.context["cl"].result_count == 1
    detail = client.get(reverse("admin:uploads_uploadevent_change", args=[line.pk]))
    assert detail.status_code == 200
    assert client.post(reverse("admin:uploads_uploadevent_change", args=[line.pk]), {"reason": "x"}).status_code == 403
    assert client.post(reverse("admin:uploads_uploadevent_delete", args=[line.pk])).status_code == 403


def test_the_quota_of_an_account_is_set_in_its_page(client, alice):
    client.force_login(make_owner())
    address = reverse("admin:accounts_user_change", args=[alice.pk])
    form = client.get(address).context["adminform"].form
    data = {name: value for name, value in form.initial.items() if name in form.fields and value is not None}

    for sent, kept in (("5000", 5000), ("", None)):
        response = client.post(address, {**data, "storage_quota_bytes": sent})
        assert response.status_code == 302, response.context["errors"]
        alice.refresh_from_db()
        assert alice.storage_quota_bytes == kept
