"""The API of voices, generations and dots."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts.models import User
from generations import access, qr, selectors, services
from generations.api.parsers import VttParser
from generations.api.serializers import (
    CaptionsInput,
    DotInput,
    DotOutput,
    DotsQuery,
    GenerationInput,
    GenerationOutput,
    GenerationsQuery,
    QrQuery,
    VoiceOutput,
    VoicesQuery,
)
from generations.api.shapes import DesignOutput
from generations.models import Dot, Generation, Voice
from micdots.api.paging import Listing
from micdots.api.parsers import StrictJSONParser
from micdots.api.views import ApiView, endpoint
from micdots.lib.errors import Conflict, ValidationFailed
from uploads.access import upload_for


class VoicesView(ApiView):
    @endpoint(
        query=VoicesQuery,
        answer=VoiceOutput,
        listing=Listing(sorts={"language": ("language", "label", "key")}, default="language"),
        public=True,
    )
    def get(self, request: Request, query: dict[str, Any]) -> QuerySet[Voice]:
        """List the voices, by language, then name."""
        return selectors.voices(
            language=query.get("language", ""),
            engine=query.get("engine", ""),
            kind=query.get("kind", ""),
            query=query.get("q", ""),
        )


class GenerationsView(ApiView):
    @endpoint(query=GenerationsQuery, answer=GenerationOutput, listing=Listing(), errors=[404])
    def get(self, request: Request, query: dict[str, Any]) -> QuerySet[Generation]:
        """List your generations."""
        user = _user(request)
        dot_id = query.get("dot_id")
        return selectors.generations_for(
            user,
            status=query.get("status", ""),
            query=query.get("q", ""),
            language=query.get("language", ""),
            dot=access.dot_for(user, dot_id) if dot_id else None,
            created_after=query.get("created_after"),
            created_before=query.get("created_before"),
        )

    @endpoint(
        body=GenerationInput,
        answer=GenerationOutput,
        status=202,
        idempotent=True,
        limits=["generations"],
        errors=[402, 404, 409],
    )
    def post(self, request: Request, body: dict[str, Any]) -> Generation:
        """Have a text spoken or a recording made fit: on a new dot, or on one of yours. Poll until it is ready."""
        user = _user(request)
        if "text" not in body and "upload_id" not in body:
            raise ValidationFailed({"text": [_("Send a text, or the id of an uploaded recording.")]})
        dot = access.dot_for(user, body["dot_id"]) if "dot_id" in body else None
        if "upload_id" in body:
            _refuse_wishes_for_voices(body)
            return services.request_recording(
                owner=user,
                upload=upload_for(user, body["upload_id"]),
                language=body.get("language", ""),
                text=body.get("text", ""),
                title=body.get("title", ""),
                dot=dot,
            )
        return services.request_generation(
            owner=user,
            text=body["text"],
            voice_key=body.get("voice", ""),
            language=body.get("language", ""),
            title=body.get("title", ""),
            speed=body["speed"],
            pitch=body["pitch"],
            engine_settings=body["settings"],
            dot=dot,
        )


class GenerationView(ApiView):
    @endpoint(answer=GenerationOutput)
    def get(self, request: Request, generation_id: UUID) -> Generation:
        """One generation."""
        return access.generation_for(_user(request), generation_id)

    @endpoint(errors=[409])
    def delete(self, request: Request, generation_id: UUID) -> None:
        """Delete a generation that has ended, with its audio."""
        services.delete_generation(generation=access.generation_for(_user(request), generation_id))


class GenerationCancelView(ApiView):
    @endpoint(answer=GenerationOutput, errors=[409])
    def post(self, request: Request, generation_id: UUID) -> Generation:
        """Stop a queued or running generation; its tokens come back."""
        return services.cancel_generation(generation=access.generation_for(_user(request), generation_id))


class GenerationRetryView(ApiView):
    @endpoint(answer=GenerationOutput, status=202, idempotent=True, limits=["generations"], errors=[402, 409])
    def post(self, request: Request, generation_id: UUID) -> Generation:
        """Try a failed or cancelled generation again; it is charged again."""
        return services.retry_generation(generation=access.generation_for(_user(request), generation_id))


class GenerationCaptionsView(ApiView):
    parser_classes = [StrictJSONParser, VttParser]

    @endpoint(body=CaptionsInput, answer=GenerationOutput, errors=[409])
    def put(self, request: Request, generation_id: UUID, body: dict[str, Any]) -> Generation:
        """Set the captions of a ready generation by hand.

        Send the WebVTT file as it is (`text/vtt`), or in JSON.
        """
        generation = access.generation_for(_user(request), generation_id)
        return services.set_captions(generation=generation, vtt=body["captions"])


class DotsView(ApiView):
    @endpoint(
        query=DotsQuery, answer=DotOutput, listing=Listing(sorts={"title": ("title",), "updatedAt": ("updated_at",)})
    )
    def get(self, request: Request, query: dict[str, Any]) -> QuerySet[Dot]:
        """List your dots."""
        return selectors.dots_for(
            _user(request),
            query=query.get("q", ""),
            tag=query.get("tag", ""),
            status=query.get("status", ""),
            language=query.get("language", ""),
            deleted=query.get("deleted"),
        )


class DotView(ApiView):
    @endpoint(answer=DotOutput)
    def get(self, request: Request, dot_id: UUID) -> Dot:
        """One dot, also one that lies in the bin."""
        return access.dot_for(_user(request), dot_id)

    @endpoint(body=DotInput, answer=DotOutput, errors=[409])
    def patch(self, request: Request, dot_id: UUID, body: dict[str, Any]) -> Dot:
        """Change a dot. What is left out stays; the printed code always does."""
        user = _user(request)
        dot = access.dot_for(user, dot_id)
        if _changes_design(body.pop("design", {})):
            raise ValidationFailed({"design": [_("The look of the code cannot be changed yet.")]})
        services.update_dot(dot=dot, changes=body)
        return access.dot_for(user, dot_id)

    @endpoint()
    def delete(self, request: Request, dot_id: UUID) -> None:
        """Put a dot into the bin: gone in public at once, restorable for 30 days."""
        services.delete_dot(dot=access.dot_for(_user(request), dot_id))


class DotRestoreView(ApiView):
    @endpoint(answer=DotOutput, errors=[409])
    def post(self, request: Request, dot_id: UUID) -> Dot:
        """Take a dot out of the bin."""
        user = _user(request)
        services.restore_dot(dot=access.dot_for(user, dot_id))
        return access.dot_for(user, dot_id)


class DotQrView(ApiView):
    @endpoint(query=QrQuery, media=["image/png", "image/svg+xml"], errors=[409])
    def get(self, request: Request, dot_id: UUID, query: dict[str, Any]) -> HttpResponseBase:
        """The picture of the printed code itself, as PNG or SVG."""
        dot = access.dot_for(_user(request), dot_id)
        if dot.deleted_at:
            raise Conflict(_("This dot is in the bin. Restore it first."))
        if query["format"] == "svg":
            picture, content_type = qr.svg_to_take(dot.print_url, variant=query["variant"]), "image/svg+xml"
        else:
            picture = qr.png_to_take(dot.print_url, size=query["size"], variant=query["variant"])
            content_type = "image/png"
        response = HttpResponse(picture, content_type=content_type)
        response["Content-Disposition"] = f'attachment; filename="micdots-{dot.code}.{query["format"]}"'
        return response


def _refuse_wishes_for_voices(body: dict[str, Any]) -> None:
    """A recording sounds as it is. Raises ValidationFailed for what only a voice could do."""
    wishes = {"voice": "", "speed": 1.0, "pitch": 1.0, "settings": {}}
    sentence = _("This is for voices; a recording sounds as it is. Leave it out.")
    wrong = {name: [sentence] for name, plain in wishes.items() if body.get(name, plain) != plain}
    if wrong:
        raise ValidationFailed(wrong)


def _changes_design(wanted: dict[str, Any]) -> bool:
    """Whether it differs from what is shown: who sends back what they got has changed nothing. null resets a key."""
    shown = DesignOutput(qr.DEFAULT_DESIGN).data
    return any(value not in (None, shown[key]) for key, value in wanted.items() if key in shown)


def _user(request: Request) -> User:
    """Who asks; the base view has made sure that somebody does."""
    if not isinstance(request.user, User):
        raise TypeError("this view is not public")
    return request.user
