"""The demo account: made once, never reset, not in production."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts import demo, services
from accounts.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path


def run(*args: str) -> str:
    out = StringIO()
    call_command("ensure_demo_account", *args, stdout=out)
    return out.getvalue()


def test_the_first_start_makes_it_and_every_start_says_how_to_sign_in(folder: Path, client: Client) -> None:
    first, second = run(), run()

    assert first == second
    password = (folder / "demo_password").read_text()
    assert "demo@micdots.example" in first
    assert password in first
    assert (folder / "demo_password").stat().st_mode & 0o077 == 0
    account = User.objects.get()
    assert (account.token_balance, account.role, account.is_staff) == (1_000_000, "client", False)
    assert account.emailaddress_set.get().verified
    signed_in = client.post("/account/login/", {"login": account.email, "password": password})
    assert signed_in.status_code == 302


def test_a_password_that_was_changed_stays_changed(folder: Path) -> None:
    run()
    account = User.objects.get()
    services.set_password(account=account, password="mine-from-now-on")

    output = run()

    assert "changed since the first start" in output
    assert (folder / "demo_password").read_text() not in output
    account.refresh_from_db()
    assert account.check_password("mine-from-now-on")


def test_a_configured_password_is_used_and_not_written_down(folder: Path, settings: Any) -> None:
    settings.DEMO_PASSWORD = "chosen-by-operator"

    assert "chosen-by-operator" in run()
    assert not (folder / "demo_password").exists()


def test_a_configured_password_that_is_too_weak_is_refused_in_words(settings: Any) -> None:
    settings.DEMO_PASSWORD = "demo"

    with pytest.raises(CommandError, match="too short"):
        run()
    assert not User.objects.exists()


def test_production_wants_to_be_asked(settings: Any) -> None:
    settings.IS_PRODUCTION = True

    with pytest.raises(CommandError, match="no demo account in production"):
        run()
    assert "demo@micdots.example" in run("--even-in-production")


def test_a_lost_password_file_is_no_reason_to_reset(folder: Path) -> None:
    run()
    (folder / "demo_password").unlink()

    assert demo.ensure_demo_account().password is None


def test_an_owner_is_made_by_e_mail(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "tall-grass-sings-42")
    call_command("createsuperuser", "--email", "Owner@Example.org", "--no-input", stdout=StringIO())

    owner = User.objects.get()
    assert (owner.email, owner.role, owner.is_staff, owner.is_superuser) == ("owner@example.org", "admin", True, True)
    client.post("/account/login/", {"login": "owner@example.org", "password": "tall-grass-sings-42"})
    assert client.get("/admin/").status_code == 200
