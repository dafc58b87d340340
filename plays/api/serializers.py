"""What kiosks and apps are told of a dot."""

from __future__ import annotations

from rest_framework import serializers

from micdots.api.fields import StrictCharField, UtcDateTimeField
from micdots.api.serializers import Output, Query


class PlayQuery(Query):
    language = StrictCharField(
        max_length=100, allow_blank=True, help_text="A language tag. Default: by Accept-Language, else the dot's own."
    )


class PlayOutput(Output):
    code = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    language = serializers.CharField()
    languages = serializers.ListField(child=serializers.CharField())
    text = serializers.CharField()
    audio_url = serializers.CharField(help_text="Needs no credentials; leads to the audio, which answers Range.")
    expires_at = UtcDateTimeField(help_text="Until when audioUrl and captionsUrl answer.")
    captions_url = serializers.CharField(help_text="WebVTT, timed to the audio.")
    duration_seconds = serializers.FloatField()
    synthetic = serializers.BooleanField()
