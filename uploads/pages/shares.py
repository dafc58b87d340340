"""The page behind a share link: no account, no cookie, nothing that could ask for one."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from micdots.api.limits import enforce, refuse_if_used_up
from micdots.lib.client_address import address_group
from micdots.lib.errors import Gone, NotFound
from micdots.lib.page_language import words_language
from micdots.lib.request_id import current_request_id
from uploads.models import FileShare
from uploads.pages.contexts import row_of
from uploads.services.shares import is_right_password, open_share, take_download
from uploads.storage import store


# Exempt: there is no cookie that a forged form could use; what it could do is download a file.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """What is shared; its form, with the password where there is one, leads to the file itself.

    A download begins with POST only: what looks at links before people do (chats, mail filters) uses none up.
    """
    try:
        share = open_share(token)
        if request.method != "POST":
            return _page(share)
        attempts = f"{share.pk} {address_group(request)}"
        if share.has_password:
            refuse_if_used_up(request, "share_password", attempts)
        if not is_right_password(share, request.POST.get("password", "")):
            enforce(request, "share_password", attempts)  # the right one uses up none
            return _page(share, wrong=True)
        return _uncached(HttpResponseRedirect(take_download(share)))
    except NotFound:
        return _answer("uploads/share_not_found.html", {}, status=404)
    except Gone as gone:
        return _answer("uploads/share_gone.html", {"sentence": _sentence(gone.details["reason"])}, status=410)


def _page(share: FileShare, *, wrong: bool = False) -> HttpResponse:
    left = None if share.max_downloads is None else share.max_downloads - share.downloads_count
    context = {"share": share, "row": row_of(share.file), "left": left, "wrong": wrong}
    response = _answer("uploads/shared.html", context, status=403 if wrong else 200)
    # Browsers hold a form's redirect to this policy as well, and it leads to where the objects are.
    response._csp_update = {"form-action": [store().origin]}  # type: ignore[attr-defined]  # django-csp's own way
    return response


def _answer(template: str, context: dict[str, Any], *, status: int) -> HttpResponse:
    body = render_to_string(template, {"request_id": current_request_id() if status >= 400 else "", **context})
    response = _uncached(HttpResponse(body, status=status))
    response["Content-Language"] = words_language()
    return response


def _uncached(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    # The address is the key to the file; no other site learns it.
    response["Referrer-Policy"] = "no-referrer"
    return response


def _sentence(reason: str) -> str:
    return {
        "expired": _("This link has expired."),
        "used_up": _("This link is used up: the file was downloaded as often as it was meant to be."),
        "deleted": _("This file is no longer shared."),
    }[reason]
