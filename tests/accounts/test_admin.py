"""The back office's pages about accounts."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse

from accounts import ledger, sign_ins
from accounts.models import TokenEntry, User
from micdots.lib import admin as back_office
from tests.accounts.conftest import Posting, path_in
from tests.factories import PASSWORD, make_owner, make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return make_owner(email="owner@example.org")


@pytest.fixture
def office(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def action_url(name: str, account: User) -> str:
    return reverse(f"admin:accounts_user_{name}", args=[account.pk])


def test_staff_sign_in_with_their_e_mail_at_the_one_door(client: Client, owner: User) -> None:
    door = client.get("/admin/", follow=True)
    assert door.redirect_chain[-1][0].startswith("/account/login/?next=")
    door_url = door.redirect_chain[-1][0]

    response = client.post(door_url, {"login": "Owner@example.org", "password": PASSWORD}, follow=True)

    assert response.redirect_chain[-1][0] == "/admin/"
    assert response.status_code == 200


def test_a_client_does_not_get_in(client: Client, alice: User) -> None:
    client.force_login(alice)

    assert client.get("/admin/", follow=True).status_code == 403


def test_every_page_opens_and_shows_its_rows(office: Client, alice: User) -> None:
    sign_ins.start(account=alice)
    for model, its_admin in admin.site._registry.items():
        if model._meta.app_label != "accounts":
            continue
        name = f"admin:accounts_{model._meta.model_name}"
        assert office.get(reverse(f"{name}_changelist")).status_code == 200, model
        assert office.get(reverse(f"{name}_changelist") + "?q=alice").status_code == 200, model
        assert office.get(reverse(f"{name}_add")).status_code == 403, model
        for row in model._default_manager.all()[:1]:
            assert office.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200, model
            assert office.post(reverse(f"{name}_delete", args=[row.pk])).status_code == 403, model
        assert isinstance(its_admin, back_office.BackOfficeAdmin), model


def test_lists_ask_no_more_questions_when_they_grow(
    office: Client, alice: User, django_assert_max_num_queries: Any
) -> None:
    from accounts import ledger

    for _ in range(20):
        ledger.grant(account=alice, amount=1, actor=alice, note="x")
    with django_assert_max_num_queries(12):
        office.get(reverse("admin:accounts_tokenentry_changelist"))


def test_the_ledger_cannot_be_edited(office: Client, alice: User) -> None:
    entry = TokenEntry.objects.filter(account=alice).get()

    response = office.post(reverse("admin:accounts_tokenentry_change", args=[entry.pk]), {"amount": 5})

    assert response.status_code == 403
    entry.refresh_from_db()
    assert entry.amount == 10_000


def test_an_entry_is_found_by_the_generation_it_was_for(office: Client, alice: User) -> None:
    reference = uuid.uuid4()
    ledger.charge(account=alice, amount=5, reference=reference, attempt=1, note="Find me")

    page = office.get(reverse("admin:accounts_tokenentry_changelist"), {"q": str(reference)})

    assert b"Find me" in page.content


def test_tokens_are_given_and_taken_with_a_reason(office: Client, alice: User, owner: User) -> None:
    url = action_url("give_tokens", alice)
    assert b"The balance is 10000" in office.get(url).content

    refused = office.post(url, {"amount": 0, "reason": ""})
    given = office.post(url, {"amount": 500, "reason": "School project"})
    office.post(action_url("take_tokens", alice), {"amount": 200, "reason": "By mistake"})
    too_much = office.post(action_url("take_tokens", alice), {"amount": 99_999, "reason": "All of it"})

    assert refused.status_code == 200
    assert given.status_code == 302
    assert b"99999" in too_much.content
    entries = TokenEntry.objects.filter(account=alice).exclude(kind="welcome").order_by("pk")
    assert [(entry.kind, entry.amount, entry.note, entry.actor) for entry in entries] == [
        ("grant", 500, "School project", owner),
        ("withdrawal", -200, "By mistake", owner),
    ]


def test_an_account_is_suspended_and_let_in_again(office: Client, alice: User) -> None:
    office.post(action_url("suspend", alice), {"reason": "Spam"})
    alice.refresh_from_db()
    assert (alice.is_suspended, alice.suspension_reason) == (True, "Spam")
    assert b"Spam" in office.get(reverse("admin:accounts_user_history", args=[alice.pk])).content

    twice = office.post(action_url("suspend", alice), {"reason": "Again"})
    assert b"suspended already" in twice.content

    office.post(action_url("lift_suspension", alice), {"reason": "Explained"})
    alice.refresh_from_db()
    assert not alice.is_suspended


def test_signing_out_everywhere_ends_a_session(office: Client, alice: User) -> None:
    at_home = Client()
    at_home.force_login(alice)

    office.post(action_url("sign_out_everywhere", alice), {"reason": "Lost telephone"})

    assert at_home.get(reverse("accounts:profile")).status_code == 302


def test_only_owners_erase(office: Client, client: Client, alice: User, bob: User) -> None:
    assert office.post(action_url("erase", alice), {"reason": "Asked by letter"}).status_code == 302
    alice.refresh_from_db()
    assert alice.is_erased
    assert office.get(reverse("admin:accounts_user_change", args=[alice.pk])).status_code == 200
    assert office.post(action_url("suspend", alice), {"reason": "x"}).status_code == 403

    clerk = make_staff()
    clerk.user_permissions.add(*Permission.objects.filter(codename__in=["view_user", "change_user"]))
    client.force_login(clerk)
    assert client.post(action_url("erase", bob), {"reason": "x"}).status_code == 403
    bob.refresh_from_db()
    assert not bob.is_erased


def test_staff_do_not_act_on_staff_nor_raise_themselves(client: Client, owner: User, alice: User) -> None:
    clerk = make_staff()
    clerk.user_permissions.add(*Permission.objects.filter(codename__in=["view_user", "change_user"]))
    client.force_login(clerk)

    for colleague in (owner, clerk):
        assert client.post(action_url("suspend", colleague), {"reason": "x"}).status_code == 403
        assert client.post(action_url("give_tokens", colleague), {"amount": 1, "reason": "x"}).status_code == 403
    page = client.post(
        reverse("admin:accounts_user_change", args=[alice.pk]), {"name": "Alice B", "role": "admin", "is_staff": "on"}
    )
    assert page.status_code == 302
    alice.refresh_from_db()
    assert (alice.name, alice.role, alice.is_staff, alice.is_superuser) == ("Alice B", "client", False, False)


def test_an_owner_makes_another_and_the_last_one_stays(office: Client, owner: User, alice: User) -> None:
    def save(account: User, **data: Any) -> Any:
        return office.post(reverse("admin:accounts_user_change", args=[account.pk]), {"name": account.name, **data})

    assert save(alice, role="admin").status_code == 302
    alice.refresh_from_db()
    assert (alice.role, alice.is_staff, alice.is_superuser) == ("admin", True, True)
    assert save(alice, role="client").status_code == 302

    alice.refresh_from_db()
    assert not alice.is_superuser
    refused = office.post(
        reverse("admin:accounts_user_change", args=[owner.pk]), {"name": "X", "role": "client"}, follow=True
    )
    assert b"last owner" in refused.content
    owner.refresh_from_db()
    assert (owner.is_superuser, owner.name) == (True, "Owner")


def test_somebody_is_invited_and_sets_a_password(
    office: Client, posting: Posting, mailoutbox: list[EmailMessage]
) -> None:
    with posting():
        response = office.post(reverse("admin:accounts_user_invite"), {"email": "Guest@example.org", "name": "Guest"})
    guest = User.objects.get(email="guest@example.org")
    assert response["Location"] == reverse("admin:accounts_user_change", args=[guest.pk])
    taken = office.post(reverse("admin:accounts_user_invite"), {"email": "guest@example.org"})
    assert b"already" in taken.content

    visitor = Client()
    form_page = visitor.get(path_in(mailoutbox[0], "/password/reset/key/"), follow=True)
    visitor.post(form_page.redirect_chain[-1][0], {"password1": PASSWORD})

    guest.refresh_from_db()
    assert guest.check_password(PASSWORD)
    assert guest.emailaddress_set.get().verified


def test_the_policy_is_looser_below_admin_only(office: Client) -> None:
    assert "'unsafe-eval'" in office.get("/admin/")["Content-Security-Policy"]
    for path in ("/account/profile/", "/account/login/"):
        policy = office.get(path)["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy


def test_panels_stand_on_the_front_page_in_order_for_who_may_see_them(
    client: Client, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(back_office, "_panels", {})

    def figures(request: HttpRequest) -> dict[str, Any]:
        return {"heading": "Second", "text": f"for {request.user.email}"}

    template = "components/error_page.html"
    back_office.register_panel("second", 20, figures, template)
    back_office.register_panel("first", 10, lambda request: {"heading": "First"}, template)
    back_office.register_panel("secret", 5, lambda request: {"heading": "Secret"}, template, "accounts.change_user")

    client.force_login(owner)
    page = client.get("/admin/").content.decode()
    assert page.index("Secret") < page.index("First") < page.index("Second") < page.index("for owner@example.org")

    client.force_login(make_staff())
    assert "Secret" not in client.get("/admin/").content.decode()
