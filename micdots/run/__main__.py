"""Entry point: see the package's docstring."""

import argparse
import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError

from micdots.run import manager, preparation, programs
from micdots.run.preparation import CannotStart


class _WrongValue(Exception):
    """A number that is none, a list where a word is meant."""


def _read_settings() -> None:
    """Read them here, where it is sure that a ``ValueError`` comes from a setting."""
    try:
        _ = settings.VAR_DIR
    except ValueError as error:
        raise _WrongValue(str(error)) from error


def main() -> None:
    """Run one program in place of this process, or all of them under the process manager."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "micdots.settings.local")
    parser = argparse.ArgumentParser(prog="python -m micdots.run", description="Run MicDots.")
    parser.add_argument(
        "program", nargs="?", choices=sorted(programs.COMMANDS), help="only this one; default: prepare and run all"
    )
    program = parser.parse_args().program
    try:
        _read_settings()
        if program:
            command = programs.COMMANDS[program]()
            for name, value in programs.ENVIRONMENT.get(program, {}).items():
                os.environ.setdefault(name, value)
            os.execv(command[0], command)  # noqa: S606 - our own argument list, no shell on the way
        preparation.check_address(settings.HOST, settings.PORT)
        with preparation.only_copy(settings.VAR_DIR):
            welcome = preparation.prepare()
            sys.exit(manager.run(welcome))
    except (CannotStart, ImproperlyConfigured) as error:
        sys.exit(f"MicDots cannot start: {error}")
    except _WrongValue as error:
        sys.exit(f"MicDots cannot start: a setting has a value that it cannot have ({error}).")
    except OperationalError as error:
        sys.exit(f"MicDots cannot start: the database does not answer as it should ({str(error).strip()}).")
    except KeyboardInterrupt:
        sys.exit(130)


main()
