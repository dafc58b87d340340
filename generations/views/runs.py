"""One generation: how far it is, what its owner can do with it, and its audio."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import reswap, retarget

from generations import services
from generations.access import dot_for, generation_for
from generations.forms import CaptionsForm, show_refusal
from generations.models import Generation
from generations.views.contexts import dot_context, ended_sentence, making_of
from generations.views.pages import account, client_page
from micdots.lib.errors import Conflict, InsufficientTokens, ValidationFailed
from micdots.lib.language_names import language_name
from uploads.storage import store


@require_GET
@client_page
def status(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The bar of a running generation; when it has ended, the dot's whole body takes the old one's place."""
    user = account(request)
    generation = generation_for(user, public_id)
    if not getattr(request, "htmx", False):  # opened as a page: JavaScript is off, or the link was kept
        return redirect("dots:detail", code=generation.dot.code)
    if not generation.is_finished:
        return render(request, "generations/_progress.html", {"one": making_of(generation)})
    dot = dot_for(user, generation.dot.public_id)
    context = dot_context(dot, language=generation.language) | {"announcement": ended_sentence(generation)}
    response = render(request, "generations/_dot_body.html", context)
    return reswap(retarget(response, "#dot-body"), "outerHTML")


@require_POST
@client_page
def cancel(request: HttpRequest, public_id: UUID) -> HttpResponse:
    generation = generation_for(account(request), public_id)
    try:
        services.cancel_generation(generation=generation)
    except Conflict as error:
        messages.warning(request, str(error.message))
    else:
        messages.success(request, _("Cancelled. The tokens are back.") if generation.tokens else _("Cancelled."))
    return redirect("dots:detail", code=generation.dot.code)


@require_POST
@client_page
def retry(request: HttpRequest, public_id: UUID) -> HttpResponse:
    generation = generation_for(account(request), public_id)
    try:
        services.retry_generation(generation=generation)
    except (Conflict, InsufficientTokens) as error:
        messages.warning(request, str(error.message))
    return redirect("dots:detail", code=generation.dot.code)


@require_POST
@client_page
def delete(request: HttpRequest, public_id: UUID) -> HttpResponse:
    generation = generation_for(account(request), public_id)
    language = language_name(generation.language)
    try:
        services.delete_generation(generation=generation)
    except Conflict as error:
        messages.warning(request, str(error.message))
    else:
        messages.success(request, _("This version in %(language)s is deleted.") % {"language": language})
    return redirect("dots:detail", code=generation.dot.code)


@require_http_methods(["GET", "POST"])
@client_page
def captions(request: HttpRequest, public_id: UUID) -> HttpResponse:
    generation = generation_for(account(request), public_id)
    if generation.status != Generation.Status.READY:
        messages.warning(request, _("Captions can be set when the audio is ready."))
        return redirect("dots:detail", code=generation.dot.code)
    form = CaptionsForm(request.POST or None, generation=generation, initial={"captions": generation.captions})
    if request.method == "POST" and form.is_valid():
        try:
            services.set_captions(generation=generation, vtt=form.cleaned_data["captions"])
        except ValidationFailed as error:
            show_refusal(form, error)
        except Conflict as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(request, _("The captions are saved."))
            return redirect("dots:detail", code=generation.dot.code)
    context = {"form": form, "generation": generation, "dot": generation.dot}
    context["language"] = language_name(generation.language)
    return render(request, "generations/captions.html", context)


@require_GET
@client_page
def audio(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """To the object, for its owner: also while the dot is paused or behind a password, and without counting a play."""
    generation = generation_for(account(request), public_id)
    if generation.status != Generation.Status.READY:
        raise Http404
    name = f"micdots-{generation.dot.code}-{generation.language}.mp3" if "download" in request.GET else None
    return redirect(store().url(generation.audio_key, settings.SIGNED_URL_SECONDS, file_name=name))


@require_GET
@client_page
def captions_file(request: HttpRequest, public_id: UUID) -> HttpResponse:
    generation = generation_for(account(request), public_id)
    if generation.status != Generation.Status.READY:
        raise Http404
    name = f"micdots-{generation.dot.code}-{generation.language}.vtt"
    disposition = "attachment" if "download" in request.GET else "inline"
    return HttpResponse(
        generation.captions,
        content_type="text/vtt; charset=utf-8",
        headers={"Content-Disposition": f'{disposition}; filename="{name}"'},
    )
