"""An account is erased while its upload is looked at: there is no such upload any more, and no trace is left of it."""

from __future__ import annotations

import pytest

from accounts.erasure import erase
from micdots.lib.errors import Conflict, NotFound, ServiceUnavailable
from tests.uploads.uploading import put_upload
from uploads import services
from uploads.examination import Examined
from uploads.exceptions import Rejected
from uploads.models import DoomedObject, File, Upload, UploadEvent
from uploads.services import completing
from uploads.storage import store

# With real transactions, whose end is where a line about what is gone would be refused.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("local_store")]


@pytest.fixture
def upload(alice) -> Upload:
    return put_upload(alice)


@pytest.mark.parametrize("then", [None, Rejected("No."), ServiceUnavailable(), Conflict()])
def test_completing_says_that_there_is_none(upload, monkeypatch, then):
    whole = completing._examine_object

    def examine_and_erase(*about) -> Examined:
        found = whole(*about)
        erase(account=upload.owner)
        if then is not None:
            raise then
        return found

    monkeypatch.setattr(completing, "_examine_object", examine_and_erase)

    with pytest.raises(NotFound):
        services.complete_upload(upload=upload, address="192.0.2.77")

    assert not Upload.objects.exists()
    assert not File.objects.exists()
    assert not UploadEvent.objects.exclude(address="").exists()
    assert store().stat(upload.key) is None
    assert DoomedObject.objects.filter(key=upload.key).exists()  # until nothing can be put there any more


def test_giving_up_says_that_there_is_none(upload):
    erase(account=upload.owner)

    with pytest.raises(NotFound):
        services.abort_upload(upload=upload)


def test_signing_parts_says_that_there_is_none(alice):
    begun = services.start_multipart(
        owner=alice, scope="files", file_name="plan.txt", content_type="text/plain", file_size=5
    ).upload
    erase(account=alice)

    with pytest.raises(NotFound):
        services.sign_parts(upload=begun, part_numbers=[1])
