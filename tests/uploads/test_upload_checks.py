"""A wrong configuration of uploads speaks at start-up."""

from __future__ import annotations

import pytest

from uploads.checks import check_upload_settings


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("UPLOAD_CONTENT_TYPES", {"files": ["text/html", "audio/mpeg"]}, "uploads.E009"),
        ("CLAMD_URL", "localhost:3310", "uploads.E010"),
        ("MULTIPART_PART_BYTES", 1024, "uploads.E011"),
        ("UPLOAD_URL_SECONDS", 5, "uploads.E012"),
    ],
)
def test_each_wrong_setting_has_its_message(settings, name, value, code):
    assert check_upload_settings(None) == []

    setattr(settings, name, value)

    assert [message.id for message in check_upload_settings(None)] == [code]
