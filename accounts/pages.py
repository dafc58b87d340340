"""What every page of the client area does around its own work."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.decorators.cache import never_cache
from django_htmx.http import HttpResponseClientRedirect

from accounts.models import User
from micdots.lib.errors import NotFound

Rest = ParamSpec("Rest")


def client_page(
    view: Callable[Concatenate[HttpRequest, Rest], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, Rest], HttpResponseBase]:
    """A page for who is signed in: others are sent to sign in and come back; what is not theirs is not found.

    A fragment that htmx asks for after the session has ended sends the whole page to sign in, not a form into a corner.
    """

    @never_cache
    @wraps(view)
    def inner(request: HttpRequest, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            if getattr(request, "htmx", False):
                back = redirect_to_login(request.htmx.current_url_abs_path or "/home")  # type: ignore[attr-defined]
                return HttpResponseClientRedirect(back.url)
            return redirect_to_login(request.get_full_path() if request.method == "GET" else "/home")
        try:
            return view(request, *args, **kwargs)
        except NotFound as error:
            raise Http404(str(error.message)) from None

    return inner


def account(request: HttpRequest) -> User:
    """The account that a client page is for."""
    user: Any = request.user
    assert isinstance(user, User)  # noqa: S101 - client_page has seen to it
    return user
