"""The embedded default: what `make run` uses. Nothing has to be configured and nothing else has to run."""

import contextlib
import os
import secrets
import tempfile

from django.core.exceptions import ImproperlyConfigured

from micdots.settings.base import *  # noqa: F403 - this module is base plus the embedded defaults
from micdots.settings.base import ALLOWED_HOSTS, HOST, SECRET_KEY, VAR_DIR


def _make_var_dir() -> None:
    for folder in ("", "media", "mail", "broker/queue", "broker/control", "broker/processed", "tmp"):
        try:
            (VAR_DIR / folder).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ImproperlyConfigured(
                f"MicDots cannot write to {VAR_DIR} ({error.strerror}). Give it another folder with VAR_DIR=…"
            ) from error
    if not os.access(VAR_DIR, os.W_OK):
        raise ImproperlyConfigured(f"MicDots cannot write to {VAR_DIR}. Give it another folder with VAR_DIR=…")


def _kept_secret_key() -> str:
    """The key made on the first start: sessions and signed addresses outlive a restart."""
    path = VAR_DIR / "secret_key"
    if not path.exists():
        # Written aside and linked into place: of web, worker and beat starting together one wins, and none reads half.
        with tempfile.NamedTemporaryFile("w", dir=VAR_DIR) as draft:
            draft.write(secrets.token_urlsafe(50))
            draft.flush()
            with contextlib.suppress(FileExistsError):
                os.link(draft.name, path)
    return path.read_text().strip()


_make_var_dir()
SECRET_KEY = SECRET_KEY or _kept_secret_key()
ALLOWED_HOSTS = [*dict.fromkeys([*ALLOWED_HOSTS, HOST, "localhost", "127.0.0.1", "[::1]"])]
