"""The back office's pages about dots, generations and voices."""

from decimal import Decimal

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts import ledger
from generations.models import DotSlug, DotTag, Generation
from generations.services import delete_dot
from tests.factories import make_generation, make_owner, make_ready_generation, make_staff, make_voice

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(client):
    client.force_login(make_owner(email="owner@example.org"))
    return client


def page(model, row=None):
    name = f"admin:generations_{model}"
    return reverse(f"{name}_change", args=[row.pk]) if row else reverse(f"{name}_changelist")


def test_every_page_opens_and_shows_its_rows(office, alice):
    generation = make_generation(owner=alice, text="A secret text", status="ready")
    DotSlug.objects.create(dot=generation.dot, slug="hall")
    DotTag.objects.create(dot=generation.dot, name="zoo")

    for model in admin.site._registry:
        if model._meta.app_label != "generations":
            continue
        name = model._meta.model_name
        assert office.get(page(name)).status_code == 200, name
        assert office.get(page(name), {"q": "zoo"}).status_code == 200, name
        assert office.get(page(name, model.objects.first())).status_code == 200, name


def test_every_model_has_a_page():
    from django.apps import apps

    assert set(apps.get_app_config("generations").get_models()) <= set(admin.site._registry)


def test_a_dot_is_found_by_code_and_by_id(office, alice):
    dot = make_generation(owner=alice, text="Found").dot
    make_generation(owner=alice, text="Other")
    for query in (dot.code, str(dot.public_id), "alice@example.org Found"):
        assert [row.pk for row in office.get(page("dot"), {"q": query}).context["cl"].result_list] == [dot.pk], query


def test_a_dots_password_is_not_shown(office, alice):
    dot = make_generation(owner=alice).dot
    dot.password = "argon2$hash"
    dot.save()
    assert "argon2$hash" not in office.get(page("dot", dot)).content.decode()


def test_rows_cannot_be_made_edited_or_deleted_by_hand(office, alice):
    generation = make_generation(owner=alice)
    assert office.get(reverse("admin:generations_generation_add")).status_code == 403
    assert office.post(page("generation", generation), {"title": "Changed"}).status_code == 403
    assert office.post(reverse("admin:generations_generation_delete", args=[generation.pk])).status_code == 403


def test_staff_cancel_and_try_again_through_the_services(office, alice):
    generation = make_generation(owner=alice, tokens=27)
    ledger.charge(account=alice, amount=27, reference=generation.public_id, attempt=1)

    office.post(reverse("admin:generations_generation_cancel", args=[generation.pk]), {"reason": "Stuck"})
    generation.refresh_from_db()
    alice.refresh_from_db()
    assert generation.status == Generation.Status.CANCELLED
    assert alice.token_balance == 10_000

    office.post(reverse("admin:generations_generation_try_again", args=[generation.pk]), {"reason": "Again"})
    generation.refresh_from_db()
    assert generation.status == Generation.Status.QUEUED


def test_what_a_service_refuses_is_said(office, alice):
    generation = make_generation(owner=alice, status="ready")
    url = reverse("admin:generations_generation_cancel", args=[generation.pk])
    assert "This has already ended" in office.post(url, {"reason": "Why not"}).content.decode()


def test_staff_put_a_dot_into_the_bin_and_take_it_out(office, alice):
    dot = make_generation(owner=alice, status="ready").dot

    office.post(reverse("admin:generations_dot_put_into_bin", args=[dot.pk]), {"reason": "Asked to"})
    dot.refresh_from_db()
    assert dot.deleted_at

    office.post(reverse("admin:generations_dot_take_out_of_bin", args=[dot.pk]), {"reason": "Asked to"})
    dot.refresh_from_db()
    assert dot.deleted_at is None


def test_staff_draw_a_code_again(office, alice, settings):
    dot = make_ready_generation(owner=alice).dot
    settings.SITE_URL = "https://dots.example.org"

    office.post(reverse("admin:generations_dot_draw_again", args=[dot.pk]), {"reason": "New address"})

    dot.refresh_from_db()
    assert dot.qr_url == f"HTTPS://DOTS.EXAMPLE.ORG/Q/{dot.code}"


def test_price_and_limit_of_a_voice_are_the_staffs_to_set(office):
    voice = make_voice()

    office.post(
        page("voice", voice), {"tokens_per_character": "2.5", "max_characters": "5000", "label": "Changed by hand"}
    )

    voice.refresh_from_db()
    assert (voice.tokens_per_character, voice.max_characters) == (Decimal("2.5"), 5000)
    assert voice.label == "English (Great Britain)"


@pytest.mark.parametrize("terms", [{"tokens_per_character": "-1"}, {"max_characters": "0"}])
def test_a_voice_is_neither_paid_for_nor_without_room(office, terms):
    voice = make_voice()
    office.post(page("voice", voice), {"tokens_per_character": "1", "max_characters": "5000", **terms})
    voice.refresh_from_db()
    assert (voice.tokens_per_character, voice.max_characters) == (Decimal(1), 100_000)


def test_staff_without_the_right_look_but_do_not_act(client, alice):
    staff = make_staff()
    staff.user_permissions.add(Permission.objects.get(codename="view_dot"))
    client.force_login(staff)
    dot = make_generation(owner=alice).dot
    delete_dot(dot=dot)

    assert client.get(page("dot", dot)).status_code == 200
    url = reverse("admin:generations_dot_take_out_of_bin", args=[dot.pk])
    assert client.post(url, {"reason": "I want to"}).status_code == 403
    assert client.get(page("generation")).status_code == 403


@pytest.mark.parametrize("model", ["dot", "generation", "voice"])
def test_a_list_asks_as_often_for_many_rows_as_for_few(office, alice, model, django_assert_max_num_queries):
    for number in range(8):
        make_generation(owner=alice, text=f"Text {number}", status="ready")
    with django_assert_max_num_queries(12):
        office.get(page(model))
