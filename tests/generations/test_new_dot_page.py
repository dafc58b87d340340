"""The form that makes a dot."""

import uuid

import pytest

from generations.models import Dot, Generation
from tests.factories import make_voice

pytestmark = pytest.mark.django_db
URL = "/dots/new"


@pytest.fixture
def voice():
    return make_voice()


def filled(**changes):
    return {
        "text": "Welcome to the old town hall.",
        "voice": "espeak:en-gb",
        "title": "",
        "speed": "1",
        "pitch": "1",
        "request_key": str(uuid.uuid4()),
        **changes,
    }


def test_sending_it_makes_a_dot_and_takes_the_tokens(client, alice, voice):
    client.force_login(alice)

    response = client.post(URL, filled())

    generation = Generation.objects.get()
    assert response.status_code == 302
    assert response.url == f"/dots/{generation.dot.code}/"
    assert generation.owner == alice
    assert generation.dot.title == "Welcome to the old town hall."
    assert generation.status == Generation.Status.QUEUED
    alice.refresh_from_db()
    assert alice.token_balance == 10_000 - len("Welcome to the old town hall.")


def test_what_was_chosen_is_kept(client, alice, voice):
    client.force_login(alice)

    client.post(URL, filled(title="Town hall", speed="1.25", pitch="0.8"))

    generation = Generation.objects.get()
    assert (generation.title, generation.speed, generation.pitch) == ("Town hall", 1.25, 0.8)


def test_it_needs_sign_in(client, voice):
    assert client.get(URL).status_code == 302
    assert client.post(URL, filled()).status_code == 302
    assert not Dot.objects.exists()


def test_other_methods_are_refused(client, alice, voice):
    client.force_login(alice)
    assert client.put(URL).status_code == 405


def test_a_second_submit_of_the_same_form_finds_the_first_ones_dot(client, alice, voice):
    client.force_login(alice)
    sent = filled()

    first, second = client.post(URL, sent), client.post(URL, sent)

    assert first.url == second.url
    assert Dot.objects.count() == 1
    alice.refresh_from_db()
    assert alice.token_balance == 10_000 - len(sent["text"])


def test_every_fresh_form_has_a_key_of_its_own(client, alice, voice):
    client.force_login(alice)
    keys = {client.get(URL).context["form"]["request_key"].value() for _ in range(2)}
    assert len(keys) == 2


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("text", "", "Please type the text that shall be spoken."),
        ("text", " \n\t ", "There is nothing to speak yet"),
        ("text", "\u200b\u2060", "There is nothing to speak yet"),
        ("text", "bell \x07 rings", "control character (U+0007"),
        ("text", "null \x00 byte", "control character (U+0000"),
        ("text", "[pause 99s] too long", "A pause may last from 0.1 to 30 seconds"),
        ("text", "x" * 100_001, "100001 characters and this voice takes 100000"),
        ("voice", "espeak:klingon", "There is no such voice."),
        ("voice", "", "Please pick a voice."),
        ("speed", "9", "less than or equal to 2"),
        ("pitch", "low", "Enter a number."),
        ("title", "t" * 121, "at most 120 characters"),
    ],
)
def test_bad_input_is_said_beside_its_field_and_what_was_typed_stays(client, alice, voice, field, value, sentence):
    client.force_login(alice)

    response = client.post(URL, filled(**{"text": "What I typed", field: value}))

    assert response.status_code == 200
    form = response.context["form"]
    assert any(sentence in error for error in form.errors[field]), form.errors
    assert form["text"].value() == (value if field == "text" else "What I typed")
    assert 'id="error-summary"' in response.content.decode()
    assert not Dot.objects.exists()
    alice.refresh_from_db()
    assert alice.token_balance == 10_000


def test_too_few_tokens_says_what_it_costs_and_what_is_there(client, alice, voice):
    client.force_login(alice)

    response = client.post(URL, filled(text="word " * 3000))

    assert response.status_code == 200
    assert "This costs 14999 tokens and you have 10000." in response.context["form"].errors["text"][0]
    assert "word word" in response.content.decode()
    assert not Dot.objects.exists()


def test_the_price_can_be_asked_for_without_javascript(client, alice, voice):
    client.force_login(alice)

    response = client.post(URL, filled(text="[pause 1.5s] Ten chars.", check_price="yes"))

    page = " ".join(response.content.decode().split())
    assert response.status_code == 200
    assert response.context["price"] == {"characters": 11, "limit": 100_000, "tokens": 11, "left": 9_989}
    assert "You have 10000; 9989 are left afterwards." in page
    assert "Ten chars." in page
    assert not Dot.objects.exists()


def test_a_price_above_the_balance_is_said_before_sending(client, alice, voice):
    make_voice(key="espeak:dear", label="Dear", tokens_per_character="2.5", max_characters=90_000)
    client.force_login(alice)

    response = client.post(URL, filled(text="x" * 5000, voice="espeak:dear", check_price="yes"))

    assert response.context["price"]["tokens"] == 12_500
    assert "Please shorten the text or ask for more tokens." in response.content.decode()


def test_the_accounts_own_voice_is_picked_at_first(client, alice, voice):
    make_voice(key="espeak:it", label="Italian", language="it")
    alice.default_voice = "espeak:it"
    alice.save()
    client.force_login(alice)

    assert client.get(URL).context["form"]["voice"].value() == "espeak:it"


def test_voices_are_grouped_by_language_with_what_the_counter_needs(client, alice, voice):
    make_voice(key="espeak:it", label="Italian", language="it", tokens_per_character="0.500", max_characters=500)
    client.force_login(alice)

    page = client.get(URL).content.decode()

    assert page.index('<optgroup label="English">') < page.index('<optgroup label="Italian">')
    assert 'data-rate="0.5"' in page
    assert 'data-limit="500"' in page


def test_without_any_voice_the_page_still_comes(client, alice):
    client.force_login(alice)
    assert client.get(URL).status_code == 200


def test_more_than_a_request_may_carry_gets_a_page_that_says_so(client, alice, voice):
    client.force_login(alice)

    response = client.post(URL, filled(text="x" * 5_000_000))

    assert response.status_code == 413
    assert "larger than 2 MiB" in response.content.decode()


@pytest.mark.parametrize(
    "text",
    [" " * 10_000, "[" * 20_000, "x" * 50_000, "\u202e" * 500, "a\u0301" + "\u0301" * 5000],
    ids=["10,000 spaces", "20,000 brackets", "one word of 50,000", "overrides only", "a heap of accents"],
)
def test_strange_texts_are_taken_or_refused_never_a_crash(client, alice, voice, text):
    client.force_login(alice)

    response = client.post(URL, filled(text=text))

    taken = response.status_code == 302
    assert taken or response.context["form"].errors["text"]
    alice.refresh_from_db()
    assert alice.token_balance == 10_000 - sum(row.tokens for row in Generation.objects.all())


def test_bytes_that_are_no_text_do_not_break_the_form(client, alice, voice):
    client.force_login(alice)

    response = client.post(
        URL, b"voice=espeak%3Aen-gb&text=%ff%fe%ed%a0%80", content_type="application/x-www-form-urlencoded"
    )

    assert response.status_code in (200, 302)
