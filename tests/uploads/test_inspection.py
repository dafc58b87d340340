"""Is a file what its type says? Good ones of every type are taken, and no other."""

from __future__ import annotations

import io
import os
import struct
import zipfile
from pathlib import Path

import pytest
from django.conf import settings as configured

from micdots.lib.errors import ServiceUnavailable
from tests.uploads import samples
from uploads import inspection
from uploads.exceptions import Rejected
from uploads.inspection import FAMILIES, Inspected, child, inspect

MP3, PNG, ZIP, PDF, SVG = "audio/mpeg", "image/png", "application/zip", "application/pdf", "image/svg+xml"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
ODT = "application/vnd.oasis.opendocument.text"
HTML = b"<!doctype html><html><body><script>alert(1)</script></body></html>"
SOUND = ["audio/mpeg", "audio/wav", "audio/mp4", "audio/ogg", "audio/webm", "audio/flac"]


def answer_to(content: bytes, content_type: str) -> dict[str, object]:
    """What the child process would answer, without starting one for each of hundreds of files."""
    return child.look(io.BytesIO(content), content_type)


@pytest.fixture
def look(tmp_path: Path):
    def look(content: bytes, content_type: str) -> Inspected:
        path = tmp_path / "file"
        path.write_bytes(content)
        with path.open("rb") as file:
            return inspect(file, content_type)

    return look


@pytest.fixture
def refused():
    def refused(content: bytes, content_type: str, code: str) -> None:
        assert answer_to(content, content_type) == {"wrong": code}
        assert inspection._WRONG[code]

    return refused


def test_every_type_that_may_be_uploaded_can_be_checked():
    assert {each for types in configured.UPLOAD_CONTENT_TYPES.values() for each in types} == set(FAMILIES)
    assert set(samples.good_files()) == set(FAMILIES)


@pytest.mark.parametrize("content_type", FAMILIES)
def test_a_file_is_what_its_type_says(look, content_type):
    found = look(samples.good_files()[content_type], content_type)

    assert found.content_type == content_type
    assert (found.duration_ms is None) == (not content_type.startswith(("audio/", "video/")))


@pytest.mark.parametrize("content_type", SOUND)
def test_the_length_of_sound_is_counted(look, content_type):
    assert look(samples.good_files()[content_type], content_type).duration_ms == pytest.approx(1500, abs=80)


@pytest.mark.parametrize("content_type", [each for each in FAMILIES if each not in ("text/plain", "text/csv")])
def test_nothing_passes_for_another_type(content_type):
    for other, content in samples.good_files().items():
        related = {content_type, other} in (
            {"audio/mp4", "video/mp4"},
            {"audio/webm", "video/webm"},
        )
        if other == content_type or related or (content_type == ZIP and content.startswith(b"PK")):
            continue
        assert "wrong" in answer_to(content, content_type), other


@pytest.mark.parametrize("content_type", FAMILIES)
def test_an_html_file_is_none_of_them(content_type):
    assert answer_to(HTML, content_type) == {"wrong": "other_type"}


@pytest.mark.parametrize("content_type", FAMILIES)
def test_noise_is_none_of_them(content_type):
    assert "wrong" in answer_to(os.urandom(5000), content_type)


# --- Sound ---


def test_a_picture_called_mp3_is_refused(refused):
    refused(samples.picture(), MP3, "other_type")


@pytest.mark.parametrize("content_type", SOUND)
def test_a_playlist_that_names_local_files_opens_none(tmp_path, content_type):
    (tmp_path / "song.wav").write_bytes(samples.wav())
    playlists = [
        f"#EXTM3U\n#EXTINF:1,\n{tmp_path}/song.wav\n".encode(),
        f"ffconcat version 1.0\nfile {tmp_path}/song.wav\n".encode(),
        f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{tmp_path}/song.wav\n#EXT-X-ENDLIST\n".encode(),
    ]

    for playlist in playlists:
        assert answer_to(playlist, content_type) == {"wrong": "other_type"}


def test_a_truncated_mp3_is_as_long_as_what_is_left():
    whole = samples.mp3(10.0)

    assert answer_to(whole[: len(whole) // 2], MP3)["duration_ms"] == pytest.approx(5000, abs=150)


def test_a_header_that_lies_about_the_length_is_not_believed(look):
    whole = bytearray(samples.mp3(2.0))
    place = max(whole.find(b"Xing"), whole.find(b"Info"))
    assert place > 0
    struct.pack_into(">I", whole, place + 8, 10_000_000)  # frames: three days

    assert look(bytes(whole), MP3).duration_ms == pytest.approx(2000, abs=100)


def test_a_wave_file_that_lies_about_its_size_is_not_believed(look):
    whole = bytearray(samples.wav())
    struct.pack_into("<I", whole, whole.find(b"data") + 4, 0xFFFFFFF0)

    assert look(bytes(whole), "audio/wav").duration_ms == pytest.approx(1500, abs=20)


def test_a_video_without_sound_is_refused(refused):
    refused(samples.video(audio=None), "video/mp4", "no_sound")
    refused(samples.video(audio=None), "audio/mp4", "pictures_in_sound")


def test_a_video_is_no_sound(refused):
    refused(samples.video(), "audio/mp4", "pictures_in_sound")


@pytest.mark.parametrize("content_type", ["audio/mpeg", "image/png", "image/jpeg", "audio/wav", "audio/ogg"])
@pytest.mark.parametrize("second", [HTML, samples.archive({"Main.class": b"x" * 50})], ids=["html", "archive"])
def test_a_second_file_behind_the_first_is_refused(refused, content_type, second):
    refused(samples.good_files()[content_type] + second, content_type, "two_types")


def test_tags_around_an_mp3_are_fine(look):
    tag = b"ID3\x04\x00\x00\x00\x00\x07\x76" + b"\0" * 1014
    assert look(tag + samples.mp3() + b"TAG".ljust(128, b"\0"), MP3).duration_ms == pytest.approx(1500, abs=80)


def test_a_page_before_an_mp3_is_refused(refused):
    refused(HTML + samples.mp3(), MP3, "other_type")


def test_what_would_take_all_memory_ends_the_child_alone(look):
    film = bytearray(samples.sound("mp4", "aac"))
    place = film.find(b"stsz")
    struct.pack_into(">I", film, place + 12, 0xFFFFFFF0)  # so many samples

    with pytest.raises(Rejected):
        look(bytes(film), "audio/mp4")


# --- Pictures ---


def test_a_picture_of_50000_by_50000_is_refused_unopened(refused):
    refused(samples.png_of(50_000, 50_000), PNG, "too_many_pixels")


def test_a_picture_that_breaks_off_is_refused(refused):
    refused(samples.png_of(100, 100), PNG, "broken")
    refused(samples.picture()[:-20], PNG, "broken")


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        '<a href="javascript:alert(1)"><path d="M0 0"/></a>',
        '<path d="M0 0" onload="alert(1)"/>',
        "<foreignObject><p>page</p></foreignObject>",
        '<image href="https://example.org/a.png"/>',
        '<image xmlns:x="http://www.w3.org/1999/xlink" x:href="file:///etc/passwd"/>',
        '<use href="other.svg#a"/>',
        '<use href="data:image/svg+xml;base64,PHN2Zz4="/>',
        '<style>@import "https://example.org/a.css";</style>',
        "<style>path{fill:u\\72l(https://example.org/a.png)}</style>",
        '<path style="fill:url(//example.org/a)"/>',
        '<path fill="url(https://example.org/a#b)"/>',
        '<html:script xmlns:html="http://www.w3.org/1999/xhtml">alert(1)</html:script>',
        '<set attributeName="href" to="javascript:alert(1)"/>',
    ],
)
def test_an_svg_that_does_more_than_draw_is_refused(refused, inside):
    refused(f'<svg xmlns="http://www.w3.org/2000/svg">{inside}</svg>'.encode(), SVG, "active")


def test_an_svg_with_entities_is_refused(refused):
    laughs = b'<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><svg xmlns="http://www.w3.org/2000/svg">&b;</svg>'
    refused(laughs, SVG, "active")
    refused(b'<?xml-stylesheet href="a.xsl"?><svg xmlns="http://www.w3.org/2000/svg"/>', SVG, "active")


def test_an_svg_may_use_its_own_parts_and_pictures(look):
    inside = (
        '<defs><linearGradient id="g"/></defs><path fill="url(#g)"/><use href="#g"/>'
        '<image href="data:image/png;base64,iVBORw0KGgo="/><style>path { stroke: url("#g") }</style>'
    )
    assert look(f'<svg xmlns="http://www.w3.org/2000/svg">{inside}</svg>'.encode(), SVG)


def test_an_svg_has_to_be_well_formed(refused):
    refused(b'<svg xmlns="http://www.w3.org/2000/svg"><path></svg>', SVG, "broken")
    refused(b"<svg><path/></svg>", SVG, "other_type")


# --- Documents ---


def test_a_pdf_needs_its_structure(refused):
    refused(samples.pdf()[:-40], PDF, "broken")
    refused(samples.pdf().replace(b"/Root", b"/Rott"), PDF, "broken")
    refused(b"%PDF-1.4\nhello\n%%EOF", PDF, "broken")


def test_a_pdf_that_is_a_page_too_is_refused(refused):
    refused(HTML + samples.pdf(), PDF, "other_type")
    refused(samples.pdf() + HTML, PDF, "two_types")
    refused(samples.pdf(b"%" + HTML + b"\n"), PDF, "two_types")
    refused(samples.pdf() + b"\n" * 2000, PDF, "two_types")


def test_a_document_with_macros_is_refused(refused):
    refused(samples.office(**{"word/vbaProject.bin": b"x"}), DOCX, "active")
    refused(samples.open_document(**{"Basic/Standard/Module1.xml": b"<x/>"}), ODT, "active")
    refused(samples.compound("WordDocument", "Macros"), "application/msword", "active")


def test_an_archive_is_no_document(refused):
    refused(samples.archive({"a.txt": b"hello"}), DOCX, "other_type")
    refused(samples.archive({"a.txt": b"hello"}), ODT, "other_type")
    refused(samples.compound("Something"), "application/msword", "other_type")


# --- Archives ---


def test_a_bomb_is_not_unpacked(refused):
    refused(samples.archive({"zeros": bytes(80 * 1024 * 1024)}), ZIP, "bomb")


def test_bombs_in_an_archive_count_together(refused):
    inner = samples.archive({"zeros": bytes(30 * 1024 * 1024)})
    refused(samples.archive({f"{number}.zip": inner for number in range(4)}), ZIP, "bomb")


def test_archives_in_archives_end_somewhere(refused, look):
    content = samples.archive({"a.txt": b"hello"})
    content = samples.archive({"a.zip": content})
    assert look(content, ZIP)
    content = samples.archive({"a.zip": samples.archive({"a.zip": content})})
    refused(content, ZIP, "bomb")


def test_entries_that_share_their_bytes_are_a_bomb(refused):
    content = bytearray(samples.archive({"a": b"x" * 1000, "b": b"y" * 1000}))
    second = content.rfind(b"PK\x01\x02")
    struct.pack_into("<I", content, second + 42, 0)  # the second entry's place: the first one's
    refused(bytes(content), ZIP, "bomb")


def test_an_entry_that_lies_about_its_size_is_refused(refused):
    content = bytearray(samples.archive({"a": b"x" * 10_000}))
    struct.pack_into("<I", content, content.rfind(b"PK\x01\x02") + 24, 10)
    refused(bytes(content), ZIP, "broken")


@pytest.mark.parametrize("name", ["../up.txt", "/etc/passwd", "a/../../b", "..\\up.txt", "C:/x"])
def test_names_that_lead_out_are_refused(refused, name):
    refused(samples.archive({name: b"x"}), ZIP, "unsafe_names")


def test_an_archive_behind_something_else_is_refused(refused):
    refused(b"#!/bin/sh\n" + samples.archive({"a": b"x"}), ZIP, "other_type")
    assert zipfile.is_zipfile(io.BytesIO(b"#!/bin/sh\n" + samples.archive({"a": b"x"})))


# --- Texts ---


@pytest.mark.parametrize("content", [b"\xff\xfeh\0i\0", b"caf\xe9", b"a\0b", b"\x1b[31m", "ä".encode()[:1]])
def test_a_text_is_utf8_without_control_characters(refused, content):
    refused(content, "text/plain", "not_text")


def test_a_text_may_speak_of_pages(look):
    assert look(b"Write <html> at the start.\r\n\tThen go on.", "text/plain")


# --- The process ---


def test_what_is_wrong_is_said_in_a_sentence(look):
    with pytest.raises(Rejected) as caught:
        look(samples.picture(), MP3)

    assert caught.value.details == {"upload": [inspection._WRONG["other_type"]]}


def test_a_check_that_takes_too_long_says_so(look, monkeypatch):
    monkeypatch.setattr(inspection, "_PATIENCE_SECONDS", 0.01)

    with pytest.raises(ServiceUnavailable):
        look(samples.mp3(), MP3)
