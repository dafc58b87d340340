"""Tests: the real engine, database, broker and storage, in a folder of their own, with cheap passwords."""

import atexit
import os
import shutil
import tempfile

# Set before base reads the environment: each test process (xdist) gets a var/ of its own.
_var = tempfile.mkdtemp(prefix="micdots-test-")
atexit.register(shutil.rmtree, _var, ignore_errors=True)
os.environ["VAR_DIR"] = _var
os.environ["ENV_FILE"] = os.devnull  # what a developer has configured is no business of tests
os.environ.setdefault("SECRET_KEY", "a-key-for-tests-only-0123456789-0123456789-0123456789")
os.environ.setdefault("SITE_URL", "http://testserver")
os.environ.setdefault("RATE_LIMITS", "off")
os.environ["SPOOL_DIR"] = os.path.join(_var, "spool")
# What a request counts is in the figures when it is answered.
os.environ.setdefault("TAKE_IN_SECONDS", "0")

from micdots.settings.base import DATABASES, S3_BUCKET, STORAGES, VAR_DIR  # noqa: E402
from micdots.settings.local import *  # noqa: E402, F403 - the environment has to be set first

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
if S3_BUCKET:
    # One for each test process, as each has a var/ of its own; tests/conftest.py makes it.
    S3_BUCKET = f"{S3_BUCKET}-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file, not memory: threads and subprocesses of a test meet in the same database.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}
(VAR_DIR / "static").mkdir(exist_ok=True)  # WhiteNoise warns where there is none, and warnings are errors here
