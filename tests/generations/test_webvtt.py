from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generations.captions import Cue, parse_vtt, to_vtt
from micdots.lib.errors import ValidationFailed

GOOD = """WEBVTT - made by hand
Language: en

NOTE
This is not shown --> really

STYLE
::cue { color: red }

intro
00:01.000 --> 00:02.500 align:start position:10%
<v Anna>Hello &amp; <b>welcome</b>,
dear &lt;friends&gt;

01:00:02.500 --> 01:00:03.000
Bye
"""


def test_what_people_write_is_read():
    assert parse_vtt(GOOD) == [Cue(1.0, 2.5, "Hello & welcome, dear <friends>"), Cue(3602.5, 3603.0, "Bye")]


def test_windows_line_ends_and_a_byte_order_mark_do_no_harm():
    assert parse_vtt("\ufeff" + GOOD.replace("\n", "\r\n")) == parse_vtt(GOOD)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "WEBVTT"),
        ("00:01.000 --> 00:02.000\nHello", "WEBVTT"),
        ("WEBVTTX\n\n00:01.000 --> 00:02.000\nHello", "WEBVTT"),
        ("WEBVTT\n\n", "no cue"),
        ("WEBVTT\n\nNOTE nothing else\n", "no cue"),
        ("WEBVTT\n\nHello", "Line 3"),
        ("WEBVTT\n\n00:01,000 --> 00:02,000\nHello", "Line 3"),
        ("WEBVTT\n\n00:61.000 --> 00:62.000\nHello", "Line 3"),
        ("WEBVTT\n\n1\n00:01.000 -> 00:02.000\nHello", "Line 3"),
        ("WEBVTT\n\n00:02.000 --> 00:01.000\nHello", "end after it begins"),
        ("WEBVTT\n\n00:01.000 --> 00:03.000\nA\n\n00:02.000 --> 00:04.000\nB", "Line 6"),
        ("WEBVTT\n\n00:01.000 --> 00:03.000\n\n00:03.000 --> 00:04.000\nB", "no text"),
        ("WEBVTT\n\n00:01.000 --> 00:03.000\n<b></b>", "no text"),
        ("WEBVTT\n\n00:01.000 --> 00:03.000\nA\x00", "control"),
        ("WEBVTT\n\n00:01.000 --> 01:00:03.000\nA", "after the audio"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text, said):
    with pytest.raises(ValidationFailed) as refused:
        parse_vtt(text, duration=60.0)
    (message,) = refused.value.details["captions"]
    assert said in message


@given(
    st.lists(
        st.tuples(st.integers(1, 5_000_000), st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1)),
        min_size=1,
    )
)
def test_what_we_write_reads_back_the_same(parts):
    cues, position = [], 0
    for milliseconds, text in parts:
        cues.append(Cue(position / 1000, (position + milliseconds) / 1000, text))
        position += milliseconds
    assert parse_vtt(to_vtt(cues)) == cues


def test_markup_in_a_text_is_not_markup_in_the_file():
    assert (
        to_vtt([Cue(0.0, 3661.25, "<b> & --> x")])
        == "WEBVTT\n\n00:00:00.000 --> 01:01:01.250\n&lt;b&gt; &amp; --&gt; x\n"
    )
