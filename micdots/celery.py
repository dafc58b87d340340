"""The Celery application: workers run tasks, beat runs the sweeper.

The database row is the truth and a message only a bell, so no result is kept and a message that is lost,
late or delivered twice changes nothing.
"""

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "micdots.settings.local")

# The embedded default's broker: kombu's file transport, made safe for several workers.
TRANSPORT_ALIASES["micdots-files"] = "micdots.lib.file_broker:Transport"

app = Celery("micdots")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
