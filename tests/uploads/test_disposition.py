from urllib.parse import unquote

import pytest

from uploads.storage.disposition import attachment


def full_name(header: str) -> str:
    return unquote(header.partition("filename*=UTF-8''")[2])


def test_a_plain_name_stands_as_it_is():
    assert attachment("Hall 3, painting.mp3") == 'attachment; filename="Hall 3, painting.mp3"'


@pytest.mark.parametrize("name", ["Grüße.mp3", "博物館.mp3", "متحف.mp3", "🎧.mp3", "Ångström’s %20.mp3"])
def test_any_unicode_is_kept_and_has_an_ascii_twin(name):
    header = attachment(name)

    header.encode("ascii")
    assert full_name(header) == name
    assert header.startswith('attachment; filename="')
    assert header.partition('filename="')[2].partition('"')[0].endswith(".mp3")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ('a"b\\c.mp3', 'attachment; filename="a_b_c.mp3"'),
        ("a\r\nSet-Cookie: x=1.mp3", 'attachment; filename="a__Set-Cookie_ x=1.mp3"'),
        ("../../etc/passwd", 'attachment; filename="_.._etc_passwd"'),
        ("a\x00.mp3", 'attachment; filename="a_.mp3"'),
        ("photo\u202egpj.exe", 'attachment; filename="photogpj.exe"'),
        ("", 'attachment; filename="download"'),
        (" . ", 'attachment; filename="download"'),
        ("a\ud800.mp3", 'attachment; filename="a_.mp3"'),
    ],
)
def test_what_could_mislead_or_break_the_line_is_replaced(name, expected):
    assert attachment(name) == expected


def test_a_name_of_5000_characters_is_cut_before_its_extension():
    header = attachment("x" * 5000 + ".mp3")

    assert len(header) < 250
    assert header.endswith('.mp3"')
