"""How much of a request's body a page takes; the API sees to that itself (``micdots.api.views``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from micdots.api.middleware import PREFIX
from micdots.api.parsers import bound_body
from micdots.lib.error_pages import error_page, too_large_page
from micdots.lib.errors import PayloadTooLarge, ValidationFailed

View = TypeVar("View", bound=Callable[..., Any])


def takes_files(limit: int) -> Callable[[View], View]:
    """A page whose form holds files: who is signed in may send it ``limit`` bytes. Stands above other decorators."""

    def mark(view: View) -> View:
        view.form_bytes = limit  # type: ignore[attr-defined]  # read in PageBodyMiddleware
        return view

    return mark


def bounds_body_itself(view: View) -> View:
    """A view without a form, which no middleware reads: it has a limit of its own. Stands above other decorators."""
    view.bounds_body_itself = True  # type: ignore[attr-defined]  # read in PageBodyMiddleware
    return view


class PageBodyMiddleware:
    """Refuses what is longer than a page takes, before anything reads it; that is, in front of the check of forms.

    Django itself bounds only what it holds in memory. A file it writes to the disk, however long and whoever sends it:
    the check against forged forms reads the whole form to find its token.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    # By now every middleware has seen the request, so its account is known; none has read the body.
    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> HttpResponse | None:
        if request.path_info.startswith(PREFIX) or getattr(view, "bounds_body_itself", False):
            return None
        form_bytes: int | None = getattr(view, "form_bytes", None)
        # Other pages need not know who asks, and public ones never look at the session.
        may_send_files = form_bytes is not None and request.user.is_authenticated
        try:
            bound_body(request, form_bytes if form_bytes and may_send_files else settings.MAX_BODY_BYTES)
        except PayloadTooLarge as error:
            if form_bytes is None:
                return too_large_page()
            # The one who was signed in when the form was opened may be so no longer.
            first = _("Sign in first, then choose the file again.")
            return error_page(error.status, error.message if may_send_files else first)
        except ValidationFailed as error:
            return error_page(error.status)
        return None
