"""The parts of answers that have a shape of their own."""

from __future__ import annotations

from rest_framework import serializers

from generations.exceptions import FAILURES
from micdots.api.fields import UtcDateTimeField
from micdots.api.serializers import Output


class AudioOutput(Output):
    url = serializers.CharField(help_text="Needs no credentials; answers Range.")
    expires_at = UtcDateTimeField()
    content_type = serializers.CharField()
    bytes = serializers.IntegerField()
    duration_seconds = serializers.FloatField()
    captions_url = serializers.CharField(help_text="WebVTT, timed to the audio; needs no credentials.")


class QrOutput(Output):
    png_url = serializers.CharField()
    svg_url = serializers.CharField()


class ErrorOutput(Output):
    code = serializers.ChoiceField(choices=list(FAILURES))
    message = serializers.CharField()


class RenditionOutput(Output):
    language = serializers.CharField()
    generation_id = serializers.UUIDField(source="generation.public_id")
    voice = serializers.CharField(source="generation.voice.key", default=None, allow_null=True)
    duration_seconds = serializers.FloatField(source="generation.duration_seconds")


class LinkOutput(Output):
    label = serializers.CharField()  # type: ignore[assignment] # REST framework takes fields off the class
    url = serializers.CharField()


class DesignOutput(Output):
    foreground = serializers.CharField()
    background = serializers.CharField()
    module_style = serializers.CharField(default="square")
    error_correction = serializers.ChoiceField(choices=["L", "M", "Q", "H"])
    logo_upload_id = serializers.UUIDField(default=None, allow_null=True)
    caption = serializers.CharField(default="")
