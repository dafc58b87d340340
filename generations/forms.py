"""What people type into the pages of dots and generations. The services judge it; forms only read and ask again."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from generations.captions import parse_vtt
from generations.catalogue import voice_choices
from generations.models import Dot, Generation, Voice
from generations.selectors import pick_voice, voices
from generations.text import normalise
from micdots.lib.errors import ValidationFailed
from micdots.lib.language_names import language_name

TITLE_LENGTH = 120


def show_refusal(form: forms.Form, error: ValidationFailed, names: Mapping[str, str] | None = None) -> None:
    """Put what a service refused beside the fields that it names; what no field is called goes above the form.

    Args:
        names: the service's word for a field → the form's, where they differ.
    """
    for name, messages in error.details.items():
        field = (names or {}).get(name, name)
        for message in messages:
            form.add_error(field if field in form.fields else None, message)


def _date_and_time() -> forms.DateTimeInput:
    return forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})


def _to_the_minute(moment: datetime | None) -> datetime | None:
    """What the browser's field can hold: so that seconds, set by a program, do not look like a change."""
    return moment and moment.replace(second=0, microsecond=0)


class VoiceSelect(forms.Select):
    """A list of voices that also tells the page's script what each one costs and takes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by_key: dict[str, Voice] = {}

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        if voice := self.by_key.get(str(value)):
            option["attrs"] |= {
                "data-rate": f"{voice.tokens_per_character.normalize():f}",
                "data-limit": str(voice.max_characters),
                "data-preview": reverse("voices:preview", args=[voice.key]) if voice.preview_recorded_at else "",
            }
        return option


class TypedText(forms.CharField):
    """A text as it was typed. ``text.normalise`` judges it, null characters too: its sentence says where they are."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strip=False, **kwargs)
        self.validators = []


class SpeechForm(forms.Form):
    """A text and the voice that shall speak it; on a new dot, or on one that is there."""

    title = forms.CharField(
        label=_("Title"),
        max_length=TITLE_LENGTH,
        required=False,
        help_text=_("Listeners see it above the player. Left empty, it is the first words of your text."),
    )
    text = TypedText(
        label=_("Text"),
        widget=forms.Textarea(attrs={"rows": 9, "dir": "auto"}),
        help_text=_("A blank line is a short pause. For a longer one write, for example, [pause 1.5s]."),
        error_messages={"required": _("Please type the text that shall be spoken.")},
    )
    voice = forms.ChoiceField(
        label=_("Voice"),
        widget=VoiceSelect,
        error_messages={
            "required": _("Please pick a voice."),
            "invalid_choice": _("There is no such voice. Please pick one from the list."),
        },
    )
    speed = forms.FloatField(
        label=_("Speed"),
        min_value=0.5,
        max_value=2.0,
        required=False,
        help_text=_("0.5 is half as fast, 2 is twice as fast as the voice's own speed."),
        widget=forms.NumberInput(attrs={"step": "0.05", "inputmode": "decimal"}),
    )
    pitch = forms.FloatField(
        label=_("Pitch"),
        min_value=0.5,
        max_value=2.0,
        required=False,
        help_text=_("0.5 is lower, 2 is higher than the voice's own pitch."),
        widget=forms.NumberInput(attrs={"step": "0.05", "inputmode": "decimal"}),
    )
    # One form, one dot: a second submit of the same form finds what the first one began.
    request_key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, owner: User, language: str = "", **kwargs: Any) -> None:
        """Args:
        owner: whose default voice is picked at first.
        language: pick a voice of this language at first, where there is one.
        """
        first: dict[str, Any] = {"speed": 1, "pitch": 1, "request_key": uuid.uuid4()}
        try:
            first["voice"] = pick_voice(owner=owner, language=language).key
        except ValidationFailed:
            first["voice"] = ""
        kwargs["initial"] = first | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        rows = list(voices())
        field = self.fields["voice"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        field.choices = voice_choices(rows)
        assert isinstance(field.widget, VoiceSelect)  # noqa: S101 - for the type checker
        field.widget.by_key = {voice.key: voice for voice in rows}

    def clean_text(self) -> str:
        try:
            return normalise(self.cleaned_data["text"])
        except ValidationFailed as error:
            raise forms.ValidationError(error.details["text"]) from None

    def clean_speed(self) -> float:
        return self.cleaned_data["speed"] or 1.0

    def clean_pitch(self) -> float:
        return self.cleaned_data["pitch"] or 1.0

    @property
    def has_advanced(self) -> bool:
        """Whether the disclosure of speed and pitch must be open: something in it was set or is wrong."""
        return any(
            self[name].errors or str(self[name].value() or "1") not in ("1", "1.0") for name in ("speed", "pitch")
        )


class DotSettingsForm(forms.Form):
    """Everything that an owner may change of a dot; times are in the account's time zone, which is the active one."""

    # What the service calls otherwise.
    NAMES: ClassVar[Mapping[str, str]] = {"link": "link_url"}

    title = forms.CharField(label=_("Title"), max_length=TITLE_LENGTH)
    description = forms.CharField(
        label=_("Description"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
        help_text=_("A sentence or two below the title, for example where this dot hangs."),
    )
    tags = forms.CharField(
        label=_("Tags"),
        max_length=1000,
        required=False,
        help_text=_("Separated by commas. Only you see them; they help to find this dot again."),
    )
    slug = forms.CharField(
        label=_("Name in the address"),
        max_length=60,
        required=False,
        help_text=_("A word for the link that you share, such as “old-town-hall”. The printed code stays as it is."),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )
    default_language = forms.ChoiceField(
        label=_("Default language"),
        required=False,
        help_text=_("What visitors hear whose own language this dot does not have."),
    )
    is_active = forms.BooleanField(
        label=_("Active"), required=False, help_text=_("Without it, visitors are told that the dot is paused.")
    )
    autoplay = forms.BooleanField(
        label=_("Start by itself"),
        required=False,
        help_text=_("The voice begins as soon as the page is opened, where the visitor's browser allows it."),
    )
    starts_at = forms.DateTimeField(label=_("Starts"), required=False, widget=_date_and_time())
    expires_at = forms.DateTimeField(label=_("Ends"), required=False, widget=_date_and_time())
    max_plays = forms.IntegerField(
        label=_("Plays at most"),
        required=False,
        min_value=1,
        help_text=_("After so many plays visitors are told that it is used up. Empty: no limit."),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    password = forms.CharField(
        label=_("New password"),
        required=False,
        strip=False,
        min_length=4,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("4 to 128 characters. Visitors have to type it before they see or hear anything."),
    )
    clear_password = forms.BooleanField(label=_("Remove the password"), required=False)
    link_label = forms.CharField(label=_("Text of the link"), max_length=80, required=False)
    link_url = forms.CharField(
        label=_("Address of the link"),
        max_length=500,
        required=False,
        help_text=_("Shown below the player, for example your web site. It starts with https:// or http://."),
        widget=forms.URLInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, dot: Dot, **kwargs: Any) -> None:
        kwargs["initial"] = {
            "title": dot.title,
            "description": dot.description,
            "tags": ", ".join(tag.name for tag in dot.tag_rows.all()),
            "slug": dot.slug or "",
            "default_language": dot.default_language,
            "is_active": dot.is_active,
            "autoplay": dot.autoplay,
            "starts_at": _to_the_minute(dot.starts_at),
            "expires_at": _to_the_minute(dot.expires_at),
            "max_plays": dot.max_plays,
            "link_label": dot.link_label,
            "link_url": dot.link_url,
        }
        super().__init__(*args, **kwargs)
        languages = [rendition.language for rendition in dot.renditions.all()]
        if languages:
            self.fields["default_language"].choices = [(tag, language_name(tag)) for tag in languages]  # type: ignore[attr-defined]  # a ChoiceField
        else:  # still being made: there is nothing to choose from
            del self.fields["default_language"]
        if not dot.has_password:
            del self.fields["clear_password"]

    def changes(self) -> dict[str, Any]:
        """What was changed, as ``services.update_dot`` takes it.

        What was left alone stays out of it: two people (or a page and a program) who change different things at the
        same time do not undo each other.
        """
        changed, cleaned = set(self.changed_data), self.cleaned_data
        changes: dict[str, Any] = {
            name: cleaned[name]
            for name in (
                "title",
                "description",
                "default_language",
                "is_active",
                "autoplay",
                "starts_at",
                "expires_at",
                "max_plays",
            )
            if name in changed
        }
        if "slug" in changed:
            changes["slug"] = cleaned["slug"].lower() or None
        if "tags" in changed:
            changes["tags"] = [tag.strip() for tag in cleaned["tags"].split(",") if tag.strip()]
        if changed & {"link_label", "link_url"}:
            label, url = cleaned["link_label"], cleaned["link_url"]
            changes["link"] = {"label": label, "url": url} if label or url else None
        if cleaned.get("clear_password"):
            changes["password"] = None
        elif cleaned["password"]:
            changes["password"] = cleaned["password"]
        return changes


class CaptionsForm(forms.Form):
    captions = forms.CharField(
        label=_("Captions"),
        strip=False,
        widget=forms.Textarea(attrs={"rows": 22, "spellcheck": "true", "dir": "auto", "class": "captions-input"}),
        help_text=_("One cue: a line with its times, its words below, then a blank line."),
        error_messages={"required": _("Captions cannot be empty. Please keep at least one cue.")},
    )

    def __init__(self, *args: Any, generation: Generation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.generation = generation

    def clean_captions(self) -> str:
        captions: str = self.cleaned_data["captions"]
        try:
            parse_vtt(captions, duration=self.generation.duration_seconds)
        except ValidationFailed as error:
            raise forms.ValidationError(error.details["captions"]) from None
        return captions


class DotFilterForm(forms.Form):
    """What a list of dots is narrowed down to. Nonsense narrows nothing down."""

    q = forms.CharField(label=_("Search in titles and texts"), max_length=200, required=False, widget=forms.SearchInput)
    status = forms.ChoiceField(label=_("Status"), required=False)
    tag = forms.ChoiceField(label=_("Tag"), required=False)

    def __init__(self, *args: Any, tags: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The bin is a tab of its own, not a status to be filtered for.
        statuses = [choice for choice in Dot.Status.choices if choice[0] != Dot.Status.DELETED]
        self.fields["status"].choices = [("", _("All")), *statuses]  # type: ignore[attr-defined]  # a ChoiceField
        self.fields["tag"].choices = [("", _("All")), *((tag, tag) for tag in tags)]  # type: ignore[attr-defined]
        if not tags:
            del self.fields["tag"]

    def narrowing(self) -> dict[str, str]:
        """The filters that are set and make sense, as arguments of ``selectors.dots_for``."""
        self.is_valid()
        cleaned = self.cleaned_data
        return {
            "query": cleaned.get("q", ""),
            "status": cleaned.get("status", ""),
            "tag": cleaned.get("tag", ""),
        }


class VoiceFilterForm(forms.Form):
    """What the gallery of voices is narrowed down to. Nonsense narrows nothing down."""

    q = forms.CharField(label=_("Language or name"), max_length=100, required=False, widget=forms.SearchInput)
    gender = forms.ChoiceField(label=_("Gender"), required=False)
    kind = forms.ChoiceField(label=_("Kind"), required=False)
    engine = forms.ChoiceField(label=_("Engine"), required=False)

    def __init__(self, *args: Any, engines: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: dict[str, list[tuple[str, Any]]] = {
            "gender": Voice.Gender.choices,
            "kind": Voice.Kind.choices,
            "engine": [(name, name) for name in engines],
        }
        for name, values in choices.items():
            self.fields[name].choices = [("", _("All")), *values]  # type: ignore[attr-defined]  # a ChoiceField
        if len(engines) < 2:
            del self.fields["engine"]

    def narrowing(self) -> dict[str, str]:
        """The filters that are set and make sense, as arguments of ``catalogue.find_voices``."""
        self.is_valid()
        cleaned = self.cleaned_data
        return {
            "query": cleaned.get("q", ""),
            "gender": cleaned.get("gender", ""),
            "kind": cleaned.get("kind", ""),
            "engine": cleaned.get("engine", ""),
        }
