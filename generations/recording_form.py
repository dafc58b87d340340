"""What people fill in to make a dot from a recording. The services judge it; the form only reads and asks again."""

from __future__ import annotations

import uuid
from typing import Any, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from generations.forms import TITLE_LENGTH, TypedText
from generations.models import Generation, Voice
from generations.text import normalise
from micdots.lib.errors import NotFound, ValidationFailed
from micdots.lib.language_names import language_name
from micdots.lib.language_tags import canonical_language
from uploads.access import upload_for
from uploads.form_files import likely_type
from uploads.models import File, Scope, Upload

FILES_SHOWN = 200  # the newest; a longer list is no help


def recordings_of(owner: User) -> QuerySet[File]:
    """The account's files that a dot can be made from, newest first."""
    return (
        File.objects.owned_by(owner)
        .living()
        .filter(content_type__startswith="audio/")
        .select_related("upload")
        .defer("text_excerpt", "peaks")
        .order_by("-created_at", "-pk")
    )


def language_choices(owner: User) -> list[tuple[str, Any]]:
    """Languages by name: every one that a voice speaks or the account has recorded."""
    tags = set(Voice.objects.filter(is_available=True).values_list("language", flat=True).distinct())
    tags |= set(Generation.objects.filter(owner=owner).values_list("language", flat=True).distinct())
    tags |= {owner.language} if owner.language else set()
    named = sorted(((tag, language_name(tag)) for tag in tags), key=lambda pair: pair[1].casefold())
    return [("", _("Choose the language")), *named]


class RecordingForm(forms.Form):
    """A recording, what is heard in it and in which language; on a new dot, or on one that is there."""

    # Set by the page's script once the file is in the storage, and by the page where all but the rest was right. What
    # is chosen besides is newer, so it counts.
    upload_id = forms.UUIDField(widget=forms.HiddenInput, required=False)
    file = forms.FileField(
        label=_("Audio file"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "audio/*,.mp3,.wav,.m4a,.mp4,.ogg,.oga,.opus,.webm,.flac"}),
        help_text=_("MP3, WAV, M4A, Ogg, Opus, WebM or FLAC."),
        error_messages={"empty": _("This file is empty. Please choose another one.")},
    )
    picked = forms.ChoiceField(label=_("One of my files"), required=False)
    language = forms.ChoiceField(
        label=_("Language"),
        error_messages={"required": _("Please choose the language that is heard.")},
        help_text=_("Visitors are offered the language that they read."),
    )
    title = forms.CharField(
        label=_("Title"),
        max_length=TITLE_LENGTH,
        required=False,
        help_text=_(
            "Listeners see it above the player. Left empty, it is the transcript's first words or the file's name."
        ),
    )
    text = TypedText(
        label=_("Transcript"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 7, "dir": "auto"}),
        help_text=_(
            "What is said, for everybody who does not hear it. It is shown along with the sound; you can set the times "
            "of each sentence afterwards."
        ),
    )
    # One form, one dot: a second submit of the same form finds what the first one began.
    request_key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        kwargs["initial"] = {"request_key": uuid.uuid4(), "language": owner.language} | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        self.owner = owner
        self.sent_upload: Upload | None = None  # what is in the storage already
        languages = cast("forms.ChoiceField", self.fields["language"])
        languages.choices = language_choices(owner)
        files = list(recordings_of(owner)[:FILES_SHOWN])
        picked = cast("forms.ChoiceField", self.fields["picked"])
        picked.choices = [("", _("None")), *((str(file.public_id), file.file_name) for file in files)]
        picked.error_messages["invalid_choice"] = _("This file is no longer there. Please pick another one.")
        self._files = {str(file.public_id): file for file in files}

    def clean_upload_id(self) -> uuid.UUID | None:
        public_id: uuid.UUID | None = self.cleaned_data["upload_id"]
        if public_id is not None:
            try:
                self.sent_upload = upload_for(self.owner, public_id)
            except NotFound:
                raise forms.ValidationError(_("This recording is no longer there. Please send it again.")) from None
        return public_id

    def clean_language(self) -> str:
        tag: str = self.cleaned_data["language"]
        return canonical_language(tag)  # one of the choices, so it is one

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        if not text.strip():
            return ""
        try:
            return normalise(text)
        except ValidationFailed as error:
            raise forms.ValidationError(error.details["text"]) from None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        file: UploadedFile | None = cleaned.get("file")
        picked = self._files.get(cleaned.get("picked") or "")
        if file or picked:
            self.sent_upload = None
        cleaned["upload"] = None if file else picked.upload if picked else self.sent_upload
        cleaned["content_type"] = likely_type(file.name or "", file.content_type or "", Scope.AUDIO) if file else ""
        if not file and not cleaned["upload"] and not {"upload_id", "file", "picked"} & self.errors.keys():
            self.add_error("file", _("Please record something, or choose a file."))
        return cleaned

    def keep(self, upload: Upload) -> None:
        """Remember a file that has been stored, for the form that comes back."""
        self.sent_upload = upload
        data = cast("QueryDict", self.data).copy()
        data["upload_id"] = str(upload.public_id)
        self.data = data
