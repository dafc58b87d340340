"""What is read from a listener's request in the same way by pages, audio and API."""

from __future__ import annotations

from django.contrib.auth.hashers import check_password
from django.http import HttpRequest

from generations.languages import accepted_languages
from generations.models import Dot, Rendition
from micdots.api.limits import enforce, refuse_if_used_up
from micdots.lib.client_address import address_group
from micdots.lib.errors import Forbidden
from plays import selectors
from plays.passes import is_valid_pass

PASSWORD_MAX_LENGTH = 128


def wanted_rendition(request: HttpRequest, dot: Dot) -> Rendition:
    """What this visitor gets to hear of a live dot."""
    accepted = accepted_languages(request.META.get("HTTP_ACCEPT_LANGUAGE", ""))
    return selectors.choose_rendition(dot, asked=request.GET.get("language", ""), accepted=accepted)


def has_pass(request: HttpRequest, dot: Dot) -> bool:
    token = request.GET.get("token", "")
    return bool(token) and is_valid_pass(dot, token)


def check_pass(request: HttpRequest, dot: Dot) -> None:
    """Raises Forbidden where the dot has a password and the address no valid pass."""
    if dot.has_password and not has_pass(request, dot):
        raise Forbidden


def check_dot_password(request: HttpRequest, dot: Dot, *readings: str) -> bool:
    """Whether the password is right. Wrong ones are limited for each address and dot; a school class is one address.

    Args:
        readings: what was sent; as often as there are ways to read it, all of which are one attempt.

    Raises:
        RateLimited: too many wrong ones.
    """
    key = f"{dot.pk} {address_group(request)}"
    refuse_if_used_up(request, "dot_password", key)
    if any(len(one) <= PASSWORD_MAX_LENGTH and check_password(one, dot.password) for one in readings):
        return True
    enforce(request, "dot_password", key)
    return False
