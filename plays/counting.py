"""Which requests count: the one rule for prefetches and bots. docs/privacy.md says it in plain words."""

from __future__ import annotations

import re

from django.http import HttpRequest

# A bot is what says so: programs that crawl, and those that draw the preview of a link in a chat. A missing
# User-Agent is not a sign (privacy tools remove it), and "Cubot" makes telephones.
_BOT = re.compile(
    r"(?<!cu)bot(?![a-z])|crawl|spider|slurp|archiver|facebookexternalhit|facebookcatalog|whatsapp/|"
    r"skypeuripreview|slack-imgproxy|embedly|iframely|mastodon/|link ?preview|google-inspectiontool|"
    r"mediapartners-google|feedfetcher|uptime|pingdom",
    re.IGNORECASE,
)
_USER_AGENT_LENGTH = 512  # what is looked at; real ones are shorter


def user_agent(request: HttpRequest) -> str:
    return str(request.META.get("HTTP_USER_AGENT", ""))[:_USER_AGENT_LENGTH]


def is_bot(request: HttpRequest) -> bool:
    """Whether a program asks that calls itself one."""
    return _BOT.search(user_agent(request)) is not None


def is_prefetch(request: HttpRequest) -> bool:
    """Whether a browser only makes sure to have the page in case somebody opens it."""
    purposes = ("HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_PURPOSE", "HTTP_X_MOZ")
    said = " ".join(str(request.META.get(name, "")) for name in purposes).lower()
    return any(word in said for word in ("prefetch", "prerender", "preview"))


def is_scan(request: HttpRequest) -> bool:
    """Whether somebody asks: a GET that is no prefetch. Bots are told apart by a mark on the row."""
    return request.method == "GET" and not is_prefetch(request)
