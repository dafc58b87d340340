"""The WSGI application that granian serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "micdots.settings.local")

_django = get_wsgi_application()

from plays import spool  # noqa: E402 - the apps have to be loaded first
from plays.front import Front  # noqa: E402 - as above

application = Front(_django)
spool.start()
