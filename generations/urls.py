"""The addresses of dots, generations and voices: three namespaces, put together as ``include("generations.urls")``."""

from __future__ import annotations

from django.urls import include, path, re_path

from generations.views import dots, making, qr, recordings, runs, voices

dot_urls = (
    [
        path("", dots.list_dots, name="list"),
        path("made", dots.made, name="made"),
        path("new", making.new_dot, name="new"),
        path("new/recording", recordings.new_dot, name="new-recording"),
        path("<str:code>/", dots.show_dot, name="detail"),
        path("<str:code>/settings", dots.dot_settings, name="settings"),
        path("<str:code>/delete", dots.delete_dot, name="delete"),
        path("<str:code>/restore", dots.restore_dot, name="restore"),
        path("<str:code>/generations/new", making.new_generation, name="new-generation"),
        path("<str:code>/recordings/new", recordings.new_generation, name="new-recorded-generation"),
        re_path(r"^(?P<code>[^/]+)/qr\.(?P<extension>png|svg)$", qr.download, name="qr"),
    ],
    "dots",
)

generation_urls = (
    [
        path("<uuid:public_id>/status", runs.status, name="status"),
        path("<uuid:public_id>/cancel", runs.cancel, name="cancel"),
        path("<uuid:public_id>/retry", runs.retry, name="retry"),
        path("<uuid:public_id>/delete", runs.delete, name="delete"),
        path("<uuid:public_id>/captions", runs.captions, name="captions"),
        path("<uuid:public_id>/audio.mp3", runs.audio, name="audio"),
        path("<uuid:public_id>/captions.vtt", runs.captions_file, name="captions-file"),
    ],
    "generations",
)

voice_urls = (
    [
        path("", voices.gallery, name="gallery"),
        path("<str:key>/preview.mp3", voices.preview, name="preview"),
    ],
    "voices",
)

urlpatterns = [
    path("dots/", include(dot_urls)),
    path("generations/", include(generation_urls)),
    path("voices/", include(voice_urls)),
]
