"""What players tell: started, goes on, heard to the end."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.db import Error
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from generations.models import Dot, Generation, Rendition
from micdots.api.envelope import error_body
from micdots.api.limits import enforce
from micdots.api.page_bodies import bounds_body_itself
from micdots.api.parsers import bound_body, read_json_object
from micdots.lib.client_address import address_group
from micdots.lib.errors import MicDotsError, RateLimited, ValidationFailed
from micdots.lib.short_waits import short_wait
from plays import selectors
from plays.complaints import complain
from plays.models import Event
from plays.passes import visit_of_pass
from plays.requests import check_pass
from plays.services import record_event

BODY_BYTES = 4096
LONGEST_SECONDS = 7 * 24 * 3600  # no recording here is longer
# The most that one event adds to the time listened. Players tell every ten seconds; nobody hears a whole book at once.
HEARD_AT_MOST_MS = 60_000
# A player's clock may be a little behind the file that it plays; what is told beyond that is not true.
GRACE_MS = 1000
# The longest that a beacon waits to be counted against each of its limits: meanwhile it holds a thread of the pages'.
COUNTING_SECONDS = 0.1

_TOLD = frozenset({Event.Kind.PLAY, Event.Kind.PROGRESS, Event.Kind.COMPLETE})
_VISIT = re.compile(r"[A-Za-z0-9_-]{1,36}", re.ASCII)


@dataclass(frozen=True)
class Told:
    """A checked event."""

    visit: str
    event: str
    position_ms: int
    heard_ms: int
    rendition: Rendition


# Exempt: no cookie is looked at, so there is nothing that a page on another site could abuse.
@bounds_body_itself
@csrf_exempt
@require_POST
def take_event(request: HttpRequest, name: str) -> HttpResponse:
    """JSON, whatever it is sent as: ``navigator.sendBeacon`` says text/plain. 204, or an error as the API has it."""
    try:
        _limit(request, "events")
        bound_body(request, BODY_BYTES)
        dot = selectors.find_dot(name)
        selectors.check_heard(dot, may_finish=True)
        check_pass(request, dot)
        told = _read(read_json_object(request.body), dot)
        _limit(request, "visit_events", f"{dot.pk} {told.visit} {address_group(request)}")
    except MicDotsError as error:
        return _refusal(error)
    visit = told.visit
    if dot.max_plays is not None:
        # Asking for the audio was counted, under the name of the page's pass: without one a play would count again.
        is_play = told.event == Event.Kind.PLAY
        visit = visit_of_pass(dot, request.GET.get("token", "")) or ("" if is_play else visit)
    if visit:
        longest = _duration_ms(told.rendition) + GRACE_MS
        record_event(
            request.META,
            selectors.heard_by_visitor(dot, told.rendition),
            visit=visit,
            event=told.event,
            position_ms=min(told.position_ms, longest),
            heard_ms=min(told.heard_ms, longest, HEARD_AT_MOST_MS),
        )
    return HttpResponse(status=204, headers={"Cache-Control": "no-store"})


def _limit(request: HttpRequest, name: str, key: str | None = None) -> None:
    """Raises RateLimited. A limit that cannot be counted is none: what was heard is not lost for it."""
    try:
        with short_wait(COUNTING_SECONDS):
            enforce(request, name, key)
    except Error:
        complain("The limit of events could not be counted")


def _duration_ms(rendition: Rendition) -> int:
    """Of what is heard; where it is not known, what nothing is longer than."""
    duration = Generation.objects.filter(pk=rendition.generation_id).values_list("duration_ms", flat=True).first()
    return LONGEST_SECONDS * 1000 if duration is None else duration


def _read(body: dict[str, Any], dot: Dot) -> Told:
    """Strictly, and with every field that is wrong named. Raises ValidationFailed."""
    wrong: dict[str, list[str]] = {}
    visit, event = body.get("visit"), body.get("event")
    if not (isinstance(visit, str) and _VISIT.fullmatch(visit)):
        wrong["visit"] = [_("Send 1 to 36 letters, digits, hyphens or underscores.")]
    if not isinstance(event, str) or event not in _TOLD:
        wrong["event"] = [_("Send play, progress or complete.")]
    position = _milliseconds(body, "position", wrong)
    heard = _milliseconds(body, "heard", wrong)
    rendition = _rendition(body.get("language"), dot)
    if rendition is None:
        wrong["language"] = [_("This dot does not speak this language.")]
    if wrong or rendition is None:
        raise ValidationFailed(wrong)
    return Told(str(visit), str(event), position, heard, rendition)


def _milliseconds(body: dict[str, Any], field: str, wrong: dict[str, list[str]]) -> int:
    """Seconds as JSON has them, in milliseconds. One that is left out is 0."""
    value = body.get(field)
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LONGEST_SECONDS:
        wrong[field] = [_("Send seconds, from 0.")]
        return 0
    return round(value * 1000)


def _rendition(language: object, dot: Dot) -> Rendition | None:
    """The rendition that is heard; the dot's own language where none is told."""
    if language is None:
        return selectors.choose_rendition(dot)
    renditions = {rendition.language.lower(): rendition for rendition in dot.renditions.all()}
    return renditions.get(language.lower()) if isinstance(language, str) else None


def _refusal(error: MicDotsError) -> HttpResponse:
    body = error_body(error.code, error.message, error.details)
    response = JsonResponse(body, status=error.status, headers={"Cache-Control": "no-store"})
    if isinstance(error, RateLimited):
        response["Retry-After"] = str(error.retry_after)
    return response
