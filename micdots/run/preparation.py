"""What has to be true before the programs start. Each step is quick when there is nothing to do."""

import contextlib
import errno
import fcntl
import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command


class CannotStart(Exception):
    """Something outside MicDots keeps it from starting; the message is one sentence that says what to do."""


def check_address(host: str, port: int) -> None:
    """Refuse an address on which nothing can listen, before anything else is done.

    Raises:
        CannotStart: the port is taken or not allowed, or the host is not one of this machine's addresses.
    """
    if not 0 < port < 65536:
        raise CannotStart(f"{port} is not a port; give one between 1 and 65535 with PORT=…")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError) as error:
        raise CannotStart(f"{host}:{port} is not an address; give another one with HOST=…") from error
    with socket.socket(family, kind, protocol) as probe:
        # As servers do: connections that have just been closed do not keep the port. A server that listens does.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
            probe.listen(1)
        except OSError as error:
            raise CannotStart(_explain(error, host, port)) from error


def _explain(error: OSError, host: str, port: int) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"port {port} is taken; stop what uses it or choose another one: make run PORT={port + 10}"
        case errno.EACCES:
            return f"port {port} may only be used by root; choose one above 1023: make run PORT=8000"
        case errno.EADDRNOTAVAIL:
            return f"{host} is not an address of this machine; use HOST=127.0.0.1 or HOST=0.0.0.0"
    return f"nothing can listen on {host}:{port} ({error.strerror}); give another one with HOST=… or PORT=…"


@contextlib.contextmanager
def only_copy(var_dir: Path) -> Iterator[None]:
    """Hold ``var_dir`` for this copy of MicDots; the lock goes with the process, however it ends.

    Raises:
        CannotStart: another copy runs with the same folder.
    """
    with (var_dir / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CannotStart(
                f"another MicDots already runs with {var_dir}; stop it or give this one its own folder with VAR_DIR=…"
            ) from error
        yield


def prepare() -> list[str]:
    """Bring database, static files, voices and the demo account up to date.

    Returns:
        The lines that tell where to go and how to sign in.
    """
    django.setup()
    print("Preparing the database …", flush=True)  # noqa: T201 - a program in a terminal
    call_command("migrate", interactive=False, verbosity=0)
    collect_static()
    call_command("sync_voices", verbosity=0)
    return ["", f"MicDots is ready: {settings.SITE_URL}/", _how_to_sign_in(), "Ctrl-C stops it.", ""]


def _how_to_sign_in() -> str:
    from accounts.demo import ensure_demo_account  # models can be imported only after django.setup()

    demo = ensure_demo_account()
    if demo.password is None:
        return f"Sign in with the e-mail {demo.account.email} and the password that you gave it."
    return f"Sign in with the e-mail {demo.account.email} and the password {demo.password}"


def collect_static() -> None:
    """Collect and compress the static files, unless they are the same as last time."""
    stamp = settings.STATIC_ROOT / ".fingerprint"
    fingerprint = _static_fingerprint()
    if stamp.is_file() and stamp.read_text() == fingerprint:
        return
    print("Collecting static files; the first time takes a moment …", flush=True)  # noqa: T201 - a program in a terminal
    stamp.unlink(missing_ok=True)
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(fingerprint)


def _static_fingerprint() -> str:
    """Return a digest of every static file's place, size and time: reading them all would take longer than a start."""
    digest = hashlib.sha256(str(settings.STORAGES["staticfiles"]).encode())
    for finder in get_finders():
        for path, storage in finder.list([]):
            status = Path(storage.path(path)).stat()
            digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
