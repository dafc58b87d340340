"""A dot's printed code, to look at and to take along."""

from __future__ import annotations

from functools import partial

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from generations import qr
from generations.access import dot_by_code_for
from generations.qr.render import DEFAULT_SIZE, MAX_SIZE, MIN_SIZE
from generations.views.pages import account, client_page
from micdots.lib.errors import ValidationFailed


@require_GET
@client_page
def download(request: HttpRequest, code: str, extension: str) -> HttpResponse:
    """The code as a picture, drawn in the size that is asked for and read back before it is handed out.

    Query: ``size``, pixels a side of a PNG, 128 to 4096; an SVG fits any size.
    """
    dot = dot_by_code_for(account(request), code)
    if dot.qr_drawn_at is None:
        raise Http404(_("The code is drawn when the first voice is ready."))
    if extension == "svg":
        draw, content_type = qr.svg_to_take, "image/svg+xml"
    else:
        size = _size(request.GET.get("size", ""))
        if size is None:
            sentence = _("size: choose a whole number of pixels from %(least)d to %(most)d.")
            return _refused(sentence % {"least": MIN_SIZE, "most": MAX_SIZE})
        draw, content_type = partial(qr.png_to_take, size=size), "image/png"
    try:
        picture = draw(dot.print_url)
    except ValidationFailed as error:
        return _refused(" ".join(str(sentence) for sentences in error.details.values() for sentence in sentences))
    return _picture(picture, content_type, f"micdots-{dot.code}.{extension}")


def _size(typed: str) -> int | None:
    """Pixels a side; None for what is no such number."""
    if not typed:
        return DEFAULT_SIZE
    size = int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 6 else 0
    return size if MIN_SIZE <= size <= MAX_SIZE else None


def _refused(sentence: str) -> HttpResponse:
    return HttpResponseBadRequest(sentence, content_type="text/plain; charset=utf-8")


def _picture(body: bytes, content_type: str, name: str) -> HttpResponse:
    # An attachment is still shown by an <img>; opened as a page it is saved under its name.
    return HttpResponse(
        body, content_type=content_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
