"""Which requests count: the one rule for prefetches and bots. docs/privacy.md says it in plain words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

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

# Of a request as WSGI has it (``request.META``): the page is also answered before Django has made a request of it.
Environ = Mapping[str, Any]


def user_agent(environ: Environ) -> str:
    return str(environ.get("HTTP_USER_AGENT", ""))[:_USER_AGENT_LENGTH]


def is_bot(environ: Environ) -> bool:
    """Whether a program asks that calls itself one."""
    return names_a_bot(user_agent(environ))


# A crowd has a few hundred browsers, and the names of all bots take a while to look for.
@lru_cache(maxsize=4096)
def names_a_bot(user_agent: str) -> bool:
    """Whether a ``User-Agent``, cut as :func:`user_agent` does, is a bot's."""
    return _BOT.search(user_agent) is not None


def is_prefetch(environ: Environ) -> bool:
    """Whether a browser only makes sure to have the page in case somebody opens it."""
    purposes = ("HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_PURPOSE", "HTTP_X_MOZ")
    said = " ".join([environ[name] for name in purposes if name in environ]).lower()
    return any(word in said for word in ("prefetch", "prerender", "preview")) if said else False


def is_scan(environ: Environ) -> bool:
    """Whether somebody asks: a GET that is no prefetch. Bots are told apart by a mark on the row."""
    return environ["REQUEST_METHOD"] == "GET" and not is_prefetch(environ)
