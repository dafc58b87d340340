"""What the play page is made of besides itself: audio, captions, and the pictures of the code."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from generations.models import Dot, Rendition
from plays import selectors
from plays.counting import is_scan
from plays.models import Event
from plays.passes import visit_of_pass
from plays.requests import check_pass, has_pass, wanted_rendition
from plays.services import record_event, record_play_without_script
from uploads.storage import store

NOT_KEPT = "no-store"
QR_TYPES = {"png": "image/png", "svg": "image/svg+xml"}


@require_safe
def audio(request: HttpRequest, name: str) -> HttpResponseBase:
    """302 to a signed address of the object, where ``Range`` is answered.

    Query parameters: ``language``; ``token``, the page's pass; ``events`` by a player that tells its plays itself, and
    is not relied on where plays are counted down; ``download`` for a file to keep.
    """
    dot, rendition = _heard(request, name)
    generation = selectors.heard_generation(rendition)
    wants_file = "download" in request.GET and dot.max_plays is None
    if is_scan(request.META) and not wants_file:
        _count_play(request, dot, rendition)
    file_name = f"micdots-{dot.code}-{generation.language}.mp3" if wants_file else None
    url = store().url(generation.audio_key, settings.SIGNED_URL_SECONDS, file_name=file_name)
    return HttpResponseRedirect(url, headers={"Cache-Control": NOT_KEPT})


@require_safe
def captions(request: HttpRequest, name: str) -> HttpResponse:
    """WebVTT, timed to the audio."""
    _dot, rendition = _heard(request, name)
    return HttpResponse(
        selectors.heard_generation(rendition).captions,
        content_type="text/vtt; charset=utf-8",
        # Any page may show them: captions of a public dot are as public as its audio.
        headers={"Cache-Control": NOT_KEPT, "Access-Control-Allow-Origin": "*"},
    )


@require_safe
def qr_picture(request: HttpRequest, name: str, extension: str) -> HttpResponse:
    """The picture of the printed code: also of a dot that is paused, since it says nothing but the address."""
    if extension not in QR_TYPES:
        raise Http404
    dot = selectors.find_dot(name)
    key = dot.qr_png_key if extension == "png" else dot.qr_svg_key
    if dot.qr_drawn_at is None or not key:
        raise Http404
    with store().open(key) as stream:
        picture = stream.read()
    return HttpResponse(
        picture,
        content_type=QR_TYPES[extension],
        headers={
            "Content-Disposition": f'inline; filename="micdots-{dot.code}.{extension}"',
            "Cache-Control": "no-cache",
            "Access-Control-Allow-Origin": "*",
        },
    )


def _count_play(request: HttpRequest, dot: Dot, rendition: Rendition) -> None:
    """Unless the player tells of it; where plays are counted down, in any case: who has the audio need tell nothing."""
    if "events" not in request.GET:
        record_play_without_script(request.META, selectors.heard_by_visitor(dot, rendition))
    elif dot.max_plays is not None:
        heard = selectors.heard_by_visitor(dot, rendition)
        if visit := visit_of_pass(dot, request.GET.get("token", "")):
            # The first play of a visit is the one that counts: parts of the audio, and what the player tells, join it.
            record_event(request.META, heard, visit=visit, event=Event.Kind.PLAY, position_ms=0, heard_ms=0)
        else:
            record_play_without_script(request.META, heard)


def _heard(request: HttpRequest, name: str) -> tuple[Dot, Rendition]:
    dot = selectors.find_dot(name)
    selectors.check_heard(dot, may_finish=has_pass(request, dot))
    check_pass(request, dot)
    return dot, wanted_rendition(request, dot)
