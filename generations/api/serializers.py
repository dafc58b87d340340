"""What the API takes and shows of voices, generations and dots."""

from __future__ import annotations

from typing import Any, get_args

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from generations import qr
from generations.api.shapes import AudioOutput, DesignOutput, ErrorOutput, LinkOutput, QrOutput, RenditionOutput
from generations.caption_links import captions_url
from generations.exceptions import failure_message
from generations.models import Dot, Generation, Voice
from generations.services.dots import (
    DESCRIPTION_LENGTH,
    LINK_LABEL_LENGTH,
    LINK_URL_LENGTH,
    MAX_PLAYS_LIMIT,
    PASSWORD_LENGTH,
    TAG_LENGTH,
    TAGS_AT_MOST,
    TITLE_LENGTH,
)
from generations.services.making import PITCH_RANGE, SPEED_RANGE
from micdots.api.fields import (
    BooleanParam,
    HttpUrlField,
    IntegerParam,
    LanguageField,
    StrictBooleanField,
    StrictCharField,
    StrictChoiceField,
    StrictFloatField,
    StrictIntegerField,
    StrictListField,
    StrictObjectField,
    StrictUUIDField,
    UtcDateTimeField,
)
from micdots.api.serializers import Input, Output, Query
from uploads.storage import store

QUERY_LENGTH = 200
VOICE_ID_LENGTH = 100
# A text is cut off by the body limit long before; this only keeps the schema honest.
CAPTIONS_LENGTH = settings.MAX_BODY_BYTES


# --- Voices ---------------------------------------------------------------------------------------------------------


class VoicesQuery(Query):
    language = LanguageField(help_text="`es` finds `es` and every `es-…`.")
    engine = StrictCharField(max_length=40)
    kind = StrictChoiceField(Voice.Kind)
    q = StrictCharField(max_length=QUERY_LENGTH, allow_blank=True)


class VoiceOutput(Output):
    id = serializers.CharField(source="key")
    engine = serializers.CharField()
    name = serializers.CharField(source="label")
    language = serializers.CharField(help_text="A BCP 47 language tag.")
    gender = serializers.ChoiceField(choices=Voice.Gender.choices)
    kind = serializers.ChoiceField(choices=Voice.Kind.choices)
    available = serializers.BooleanField(source="is_available")
    tokens_per_character = serializers.DecimalField(max_digits=8, decimal_places=3, coerce_to_string=False)
    max_characters = serializers.IntegerField()
    turnaround = serializers.IntegerField(
        source="turnaround_seconds", allow_null=True, help_text="Seconds; a promise, for human voices."
    )
    preview_url = serializers.SerializerMethodField()

    @extend_schema_field({"type": "string", "format": "uri", "nullable": True})
    def get_preview_url(self, voice: Voice) -> str | None:
        return f"{settings.SITE_URL}/voices/{voice.key}/preview.mp3" if voice.preview_recorded_at else None


# --- Generations ----------------------------------------------------------------------------------------------------


class GenerationsQuery(Query):
    status = StrictChoiceField(Generation.Status)
    q = StrictCharField(max_length=QUERY_LENGTH, allow_blank=True)
    language = LanguageField(help_text="`es` finds `es` and every `es-…`.")
    dot_id = StrictUUIDField()
    created_after = UtcDateTimeField()
    created_before = UtcDateTimeField()


class GenerationInput(Input):
    text = StrictCharField(
        required=False,
        multiline=True,
        trim=False,
        allow_blank=True,
        help_text="What is spoken; with uploadId the transcript, which costs nothing and may be left out. "
        "One of text and uploadId is needed.",
    )
    upload_id = StrictUUIDField(
        required=False,
        help_text="A completed upload of an audio type becomes the sound: silence at its ends is cut off, its loudness "
        "made even. Then language is needed, and voice, speed, pitch and settings stay out.",
    )
    voice = StrictCharField(
        required=False, max_length=VOICE_ID_LENGTH, help_text="A voice id, such as espeak:en-gb. Not with uploadId."
    )
    language = LanguageField(required=False, help_text="Default: the voice's own. Needed with uploadId.")
    title = StrictCharField(
        required=False,
        max_length=TITLE_LENGTH,
        allow_blank=True,
        help_text="Default: the first words of the text, else the file's name.",
    )
    speed = StrictFloatField(required=False, minimum=SPEED_RANGE[0], maximum=SPEED_RANGE[1], default=1.0)
    pitch = StrictFloatField(required=False, minimum=PITCH_RANGE[0], maximum=PITCH_RANGE[1], default=1.0)
    settings = StrictObjectField(required=False, default=dict, help_text="The engine's own parameters.")
    dot_id = StrictUUIDField(required=False, help_text="Add the voice to this dot instead of making a new one.")


class CaptionsInput(Input):
    captions = StrictCharField(max_length=CAPTIONS_LENGTH, multiline=True, trim=False, help_text="WebVTT.")


class GenerationOutput(Output):
    id = serializers.UUIDField(source="public_id")
    dot_id = serializers.UUIDField(source="dot.public_id")
    title = serializers.CharField()
    status = serializers.ChoiceField(choices=Generation.Status.choices)
    progress = serializers.IntegerField(min_value=0, max_value=100)
    awaiting = serializers.SerializerMethodField()
    due_at = UtcDateTimeField(allow_null=True)
    replaces = serializers.SerializerMethodField()
    source = serializers.ChoiceField(choices=Generation.Source.choices)  # type: ignore[assignment] # REST framework takes fields off the class
    synthetic = serializers.BooleanField(source="is_synthetic")
    text = serializers.CharField()
    characters = serializers.IntegerField()
    tokens = serializers.IntegerField()
    refunded = serializers.BooleanField(source="is_refunded")
    voice = serializers.SerializerMethodField()
    language = serializers.CharField()
    speed = serializers.FloatField()
    pitch = serializers.FloatField()
    audio = serializers.SerializerMethodField()
    qr = serializers.SerializerMethodField()
    play_url = serializers.CharField(source="dot.play_url")
    error = serializers.SerializerMethodField()
    created_at = UtcDateTimeField()
    started_at = UtcDateTimeField(allow_null=True)
    finished_at = UtcDateTimeField(allow_null=True)

    @extend_schema_field({"type": "string", "enum": Generation.Awaiting.values, "nullable": True})
    def get_awaiting(self, generation: Generation) -> str | None:
        return generation.awaiting or None

    @extend_schema_field({"type": "string", "format": "uuid", "nullable": True})
    def get_replaces(self, generation: Generation) -> str | None:
        return str(generation.replaces.public_id) if generation.replaces else None

    @extend_schema_field({"type": "string", "nullable": True})
    def get_voice(self, generation: Generation) -> str | None:
        return generation.voice.key if generation.voice else None

    @extend_schema_field(AudioOutput(allow_null=True))
    def get_audio(self, generation: Generation) -> dict[str, Any] | None:
        if generation.status != Generation.Status.READY:
            return None
        signed = store().signed_url(generation.audio_key, settings.SIGNED_URL_SECONDS)
        return AudioOutput(
            {
                "url": signed.url,
                "expires_at": signed.expires_at,
                "content_type": "audio/mpeg",
                "bytes": generation.audio_bytes,
                "duration_seconds": generation.duration_seconds,
                "captions_url": captions_url(generation.public_id, signed.expires_at),
            }
        ).data

    @extend_schema_field(QrOutput(allow_null=True))
    def get_qr(self, generation: Generation) -> dict[str, Any] | None:
        return qr_of(generation.dot)

    @extend_schema_field(ErrorOutput(allow_null=True))
    def get_error(self, generation: Generation) -> dict[str, str] | None:
        if not generation.error_code:
            return None
        message = failure_message(generation.error_code, is_recording=generation.is_recording)
        return {"code": generation.error_code, "message": str(message)}


def qr_of(dot: Dot) -> dict[str, str] | None:
    """The addresses of the dot's pictures, None until they are drawn. Public, as the printed code is."""
    if not dot.qr_drawn_at:
        return None
    address = f"{settings.SITE_URL}/d/{dot.code}"
    return {"pngUrl": f"{address}/qr.png", "svgUrl": f"{address}/qr.svg"}


# --- Dots -----------------------------------------------------------------------------------------------------------


class DotsQuery(Query):
    q = StrictCharField(max_length=QUERY_LENGTH, allow_blank=True)
    tag = StrictCharField(max_length=TAG_LENGTH)
    status = StrictChoiceField(Dot.Status)
    language = LanguageField(help_text="`es` finds `es` and every `es-…`.")
    deleted = BooleanParam(help_text="true: the bin only. Default: what is not in the bin.")


class LinkInput(Input):
    label = StrictCharField(  # type: ignore[assignment] # REST framework takes fields off the class
        required=False, allow_blank=True, max_length=LINK_LABEL_LENGTH
    )
    url = HttpUrlField(max_length=LINK_URL_LENGTH)


class DotInput(Input):
    title = StrictCharField(required=False, max_length=TITLE_LENGTH)
    description = StrictCharField(required=False, max_length=DESCRIPTION_LENGTH, allow_blank=True, multiline=True)
    slug = StrictCharField(required=False, allow_null=True, max_length=60)
    active = StrictBooleanField(required=False, source="is_active")
    autoplay = StrictBooleanField(required=False)
    starts_at = UtcDateTimeField(required=False, allow_null=True)
    expires_at = UtcDateTimeField(required=False, allow_null=True)
    max_plays = StrictIntegerField(required=False, allow_null=True, minimum=1, maximum=MAX_PLAYS_LIMIT)
    password = StrictCharField(
        required=False,
        allow_null=True,
        trim=False,
        min_length=PASSWORD_LENGTH[0],
        max_length=PASSWORD_LENGTH[1],
        write_only=True,
    )
    tags = StrictListField(StrictCharField(max_length=TAG_LENGTH), max_items=TAGS_AT_MOST, required=False)
    default_language = LanguageField(required=False)
    link = LinkInput(required=False, allow_null=True)
    design = StrictObjectField(
        required=False, help_text="Shown with its defaults; changing it is not possible yet (VALIDATION_ERROR)."
    )


class DotOutput(Output):
    id = serializers.UUIDField(source="public_id")
    code = serializers.CharField()
    slug = serializers.CharField(allow_null=True)
    title = serializers.CharField()
    description = serializers.CharField()
    play_url = serializers.CharField()
    print_url = serializers.CharField()
    status = serializers.ChoiceField(choices=Dot.Status.choices)
    active = serializers.BooleanField(source="is_active")
    starts_at = UtcDateTimeField(allow_null=True)
    expires_at = UtcDateTimeField(allow_null=True)
    max_plays = serializers.IntegerField(allow_null=True)
    has_password = serializers.BooleanField()
    tags = serializers.SerializerMethodField()
    autoplay = serializers.BooleanField()
    default_language = serializers.SerializerMethodField()
    renditions = serializers.SerializerMethodField()
    link = serializers.SerializerMethodField()
    design = serializers.SerializerMethodField()
    totals = serializers.SerializerMethodField()
    created_at = UtcDateTimeField()
    updated_at = UtcDateTimeField()

    @extend_schema_field({"type": "array", "items": {"type": "string"}})
    def get_tags(self, dot: Dot) -> list[str]:
        return [tag.name for tag in dot.tag_rows.all()]

    @extend_schema_field({"type": "string", "nullable": True})
    def get_default_language(self, dot: Dot) -> str | None:
        return dot.default_language or None

    @extend_schema_field(RenditionOutput(many=True))
    def get_renditions(self, dot: Dot) -> Any:
        return RenditionOutput(dot.renditions.all(), many=True).data

    @extend_schema_field(LinkOutput(allow_null=True))
    def get_link(self, dot: Dot) -> dict[str, str] | None:
        return {"label": dot.link_label, "url": dot.link_url} if dot.link_url else None

    @extend_schema_field(DesignOutput())
    def get_design(self, dot: Dot) -> Any:
        return DesignOutput(qr.DEFAULT_DESIGN).data

    @extend_schema_field({"type": "object", "properties": {"scans": {"type": "integer"}, "plays": {"type": "integer"}}})
    def get_totals(self, dot: Dot) -> dict[str, int]:
        return {"scans": dot.scans_count, "plays": dot.plays_count}


class QrQuery(Query):
    format = StrictChoiceField(["png", "svg"], default="png")
    size = IntegerParam(minimum=128, maximum=4096, default=1024, help_text="Pixels a side; for png.")
    variant = StrictChoiceField(get_args(qr.Variant), default="styled")
