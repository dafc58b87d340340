"""Production: refuses to start without what production needs, and says in one sentence what is missing."""

from django.core.exceptions import ImproperlyConfigured

from micdots.settings.base import *  # noqa: F403 - this module is base plus the refusals
from micdots.settings.base import DEBUG, SECRET_KEY, SITE_URL, env

IS_PRODUCTION = True

if len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 5 or SECRET_KEY.startswith("django-insecure-"):
    raise ImproperlyConfigured(
        "SECRET_KEY is missing or weak: set it to at least 50 random characters, "
        'for example from: python -c "import secrets; print(secrets.token_urlsafe(50))"'
    )
if "SITE_URL" not in env.ENVIRON:
    raise ImproperlyConfigured(
        "SITE_URL is missing: set it to the public address, for example https://dots.example.org"
    )
if not SITE_URL.startswith("https://"):
    raise ImproperlyConfigured("SITE_URL has to start with https:// in production.")
if DEBUG:
    raise ImproperlyConfigured("DEBUG must be off in production.")
