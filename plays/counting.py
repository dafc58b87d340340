"""Which requests count: the one rule for prefetches and bots. docs/privacy.md says it in plain words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.http import HttpRequest

# A bot is what says so: programs that crawl or watch, and those that draw the preview of a link in a chat. A missing
# User-Agent is no sign (privacy tools remove it), nor is that of a plain HTTP client (kiosks and apps have one), and
# "Cubot" makes telephones.
_BOT = re.compile(
    # What crawls, in its own words.
    r"(?<!cu)bot(?![a-z])|crawl|spider|slurp|scrapy|heritrix|nutch|archiver|"
    r"apis-google|mediapartners-google|feedfetcher|google(other|-read-aloud|-site-verification| favicon)|"
    r"google-(inspectiontool|extended|agent)|daumoa|daum/|yeti/|w3c_|validator|chrome-lighthouse|"
    # Previews of links.
    r"preview|facebookexternalhit|facebookcatalog|meta-external|whatsapp/|slack-imgproxy|embedly|iframely|cardyb|"
    r"summaly|mastodon/|pleroma|vkshare|flipboardproxy|"
    # Assistants that fetch a page to read it out in their own words.
    r"chatgpt-user|claude-(user|web)|anthropic-ai|perplexity-user|mistralai-user|cohere-ai|"
    # What watches whether a site is up.
    r"uptime|pingdom|statuscake|site24x7|check_http|zabbix|newrelicpinger|datadogsynthetics",
    re.IGNORECASE,
)
_USER_AGENT_LENGTH = 512  # what is looked at; real ones are shorter
_PURPOSES = ("HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_PURPOSE", "HTTP_X_MOZ")


def user_agent(request: HttpRequest) -> str:
    return user_agent_in(request.META)


def user_agent_in(environ: Mapping[str, Any]) -> str:
    return str(environ.get("HTTP_USER_AGENT", ""))[:_USER_AGENT_LENGTH]


def is_bot(request: HttpRequest) -> bool:
    """Whether a program asks that calls itself one."""
    return calls_itself_bot(user_agent(request))


@lru_cache(maxsize=4096)
def calls_itself_bot(user_agent: str) -> bool:
    """Whether a ``User-Agent``, cut as :func:`user_agent_in` does, is a bot's."""
    return _BOT.search(user_agent) is not None


def is_prefetch(request: HttpRequest) -> bool:
    """Whether a browser only makes sure to have the page in case somebody opens it."""
    return is_prefetch_in(request.META)


def is_prefetch_in(environ: Mapping[str, Any]) -> bool:
    """As :func:`is_prefetch`, for the road in front of Django."""
    said = " ".join(str(environ[name]) for name in _PURPOSES if name in environ).lower()
    return bool(said) and any(word in said for word in ("prefetch", "prerender", "preview"))


def wants_no_attributes(environ: Mapping[str, Any]) -> bool:
    """Whether the visitor asks not to be tracked: counted, and nothing else is written down.

    ``DNT`` is W3C's Tracking Preference Expression, ``Sec-GPC`` Global Privacy Control.
    """
    return environ.get("HTTP_DNT") == "1" or environ.get("HTTP_SEC_GPC") == "1"


def is_scan(request: HttpRequest) -> bool:
    """Whether somebody asks: a GET that is no prefetch. Bots are told apart by a mark on the row."""
    return request.method == "GET" and not is_prefetch(request)
