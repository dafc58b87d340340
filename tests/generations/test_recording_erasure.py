"""An account that goes takes its recordings along."""

from __future__ import annotations

import pytest
from django.test import TestCase

from accounts.erasure import erase
from generations import pipeline, services
from generations.models import Generation
from tests.generations.recordings import make_upload
from uploads.storage import store

pytestmark = pytest.mark.django_db


def test_erasing_an_account_leaves_nothing_of_a_recording(alice):
    upload = make_upload(alice)
    ready = services.request_recording(owner=alice, upload=upload, language="en", text="Hello.")
    pipeline.fulfil(ready.pk)
    waiting = services.request_recording(owner=alice, upload=make_upload(alice), language="de", text="Hallo.")
    ready.refresh_from_db()

    with TestCase.captureOnCommitCallbacks(execute=True):
        erase(account=alice)

    assert not Generation.objects.filter(pk__in=[ready.pk, waiting.pk]).exists()
    assert store().stat(ready.audio_key) is None
    pipeline.fulfil(waiting.pk)
    assert store().stat(upload.key) is None
