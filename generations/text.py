"""What a typed text is, before anybody speaks it: cleaned, counted, cut into sentences and pauses.

Every function here takes time in proportion to the text: texts come from strangers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from django.utils.translation import gettext as _

from generations.sentences import sentence_ends
from micdots.lib.errors import ValidationFailed

PARAGRAPH_PAUSE = 0.6  # seconds, on top of the pause after every sentence
PAUSE_MIN, PAUSE_MAX = 0.1, 30.0  # seconds, one mark
PAUSE_TOTAL = 600.0  # seconds, all marks together: they cost no tokens, so they must end somewhere

# At most one space between the parts: nothing here can match in two ways, so the search stays linear.
PAUSE = re.compile(r"\[pause[ \t]?(\d{1,6}(?:[.,]\d{1,6})?)[ \t]?s\]", re.IGNORECASE | re.ASCII)

# Hard-wrapped paragraphs (books, e-mails) have lines about this long. Shorter lines are list items or verse, longer
# ones are paragraphs of their own.
_WRAP_MIN, _WRAP_MAX = 50, 100

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_BLANK_LINES = re.compile(r"\n{3,}")

# Show nothing and say nothing, though Unicode does not file them under formats or spaces: fillers, and the empty
# braille cell.
_FILLERS = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
# Characters without a category ("Cn") count as visible: a newer Unicode may have made them emoji.
_INVISIBLE_CATEGORIES = frozenset({"Cf", "Mn", "Me", "Zl", "Zp", "Zs"})
# Formats that are junk at an edge. Others are not: flags end with tag characters, Arabic numbers may begin with a sign.
_EDGE_FORMATS = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")


def _combining_marks() -> str:
    """Return the body of a character class of all combining marks (planes 0 and 1 hold them), made once at import."""
    return "".join(chr(code) for code in range(0x300, 0x20000) if unicodedata.combining(chr(code)))


# Unicode's stream-safe text format (UAX 15) allows 30 marks on one letter. Normalising longer runs takes quadratic
# time.
_MARK_RUN = re.compile(f"[{_combining_marks()}]{{31}}")


@dataclass(frozen=True)
class Sentence:
    """A stretch of the normalised text that is spoken in one go: ``text == whole[start:end]``, no outer whitespace."""

    text: str
    start: int  # code points from the start of the normalised text
    end: int


@dataclass(frozen=True)
class Pause:
    """Silence that the text asks for."""

    seconds: float
    marked: bool = False  # written as ``[pause 1.5s]``; False for a blank line


Segment = Sentence | Pause


def normalise(text: str) -> str:
    """Return the text as it is stored, priced, spoken and shown.

    Composed to NFC; line ends are ``\\n``; spaces at line ends, more than one blank line in a row, and whatever is
    invisible at the text's edges are gone. Normalising twice changes nothing.

    Raises:
        ValidationFailed: on ``text``: nothing visible in it, control characters other than tab and newline, lone
            surrogates, heaps of combining marks, or pauses that are out of bounds.
    """
    if _SURROGATE.search(text):
        raise _refused(_("This text has broken characters (lone surrogates). Please type or paste it again."))
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n\n")
    if found := _CONTROL.search(text):
        raise _refused(
            _("This text has a control character (U+%(code)s, character %(position)d). Please remove it.")
            % {"code": f"{ord(found[0]):04X}", "position": found.start() + 1}
        )
    if found := _MARK_RUN.search(text):
        raise _refused(
            _("This text has more than 30 accents on one letter (character %(position)d). Please remove some.")
            % {"position": found.start() + 1}
        )
    text = unicodedata.normalize("NFC", text)
    # Not a pattern with `$`: on a long run of spaces that takes quadratic time.
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    text = _strip_invisible(_BLANK_LINES.sub("\n\n", text))
    _check_pauses(text)
    if not any(_is_visible(character) for piece in PAUSE.split(text)[::2] for character in piece):
        raise _refused(_("There is nothing to speak yet. Please type a text."))
    return text


def count_characters(text: str) -> int:
    """Return the code points of a normalised text that are paid for: all but the ``[pause 1.5s]`` marks."""
    return len(text) - sum(mark.end() - mark.start() for mark in PAUSE.finditer(text))


def without_pauses(text: str) -> str:
    """Return the text without its pause marks, as it is read along."""
    return PAUSE.sub("", text)


def first_words(text: str, limit: int = 120) -> str:
    """Return the beginning of a text on one line, at most ``limit`` characters, cut between words if there are any."""
    # A text's beginning is enough; marks and spaces at its start must not eat it up, hence the generous slice.
    words = without_pauses(text[: limit * 40]).split()
    line = " ".join(words) or " ".join(without_pauses(text).split())
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    between_words = cut if line[limit - 1] == " " else cut[: cut.rfind(" ")] if " " in cut[limit // 2 :] else cut
    return between_words.rstrip(" ,;:–—-") + "…"


def split(text: str, language: str) -> list[Segment]:
    """Cut a normalised text into sentences and pauses, in order.

    A sentence ends by the rules of ``language``, at a pause mark, at a blank line (which is a pause too) and at a line
    break, unless the line break only wraps a paragraph. The sentences, the pause marks and the whitespace between them
    are the whole
    text: nothing is lost.

    Args:
        text: a normalised text.
        language: BCP 47 tag.

    Returns:
        At least one Sentence for every text that ``normalise`` lets through.
    """
    segments: list[Segment] = []
    position = 0
    for mark in PAUSE.finditer(text):
        segments += _split_stretch(text, position, mark.start(), language)
        segments.append(Pause(_seconds(mark), marked=True))
        position = mark.end()
    segments += _split_stretch(text, position, len(text), language)
    return segments


def _split_stretch(text: str, start: int, end: int, language: str) -> Iterator[Segment]:
    """Cut what lies between two pause marks: paragraphs, their lines, their sentences."""
    position = start
    spoken_before = False
    for paragraph in text[start:end].split("\n\n"):
        spoken = bool(paragraph.strip())
        if spoken and spoken_before:
            yield Pause(PARAGRAPH_PAUSE)
        spoken_before = spoken_before or spoken
        for line_start, line_end in _lines(paragraph):
            line = paragraph[line_start:line_end]
            previous = 0
            for sentence_end in sentence_ends(line, language):
                yield from _sentence(line, previous, sentence_end, position + line_start)
                previous = sentence_end
        position += len(paragraph) + 2


def _sentence(line: str, start: int, end: int, offset: int) -> Iterator[Sentence]:
    """Yield the sentence at ``line[start:end]`` without its outer whitespace, if anything is left."""
    raw = line[start:end]
    stripped = raw.strip()
    if stripped:
        first = offset + start + len(raw) - len(raw.lstrip())
        yield Sentence(stripped, first, first + len(stripped))


def _lines(paragraph: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each line that stands for itself; a wrapped paragraph is one line."""
    lines = paragraph.split("\n")
    if _is_wrapped(lines):
        yield 0, len(paragraph)
        return
    position = 0
    for line in lines:
        yield position, position + len(line)
        position += len(line) + 1


def _is_wrapped(lines: list[str]) -> bool:
    """Whether line breaks only wrap a paragraph: wherever one stands, the next line's first word had no room left."""
    width = max(map(len, lines))
    if len(lines) < 2 or not _WRAP_MIN <= width <= _WRAP_MAX:
        return False
    for line, following in pairwise(lines):
        first_word = following.split(maxsplit=1)[0] if following.strip() else ""
        if len(line) + 1 + len(first_word) <= width:
            return False
    return True


def _seconds(mark: re.Match[str]) -> float:
    return float(mark[1].replace(",", "."))


def _check_pauses(text: str) -> None:
    total = 0.0
    for mark in PAUSE.finditer(text):
        seconds = _seconds(mark)
        if not PAUSE_MIN <= seconds <= PAUSE_MAX:
            raise _refused(
                _("A pause may last from 0.1 to 30 seconds; “%(mark)s” does not. Please change it.") % {"mark": mark[0]}
            )
        total += seconds
    if total > PAUSE_TOTAL:
        raise _refused(
            _("The pauses add up to %(total)d seconds; %(limit)d are allowed. Please shorten some.")
            % {"total": round(total), "limit": PAUSE_TOTAL}
        )


def _is_visible(character: str) -> bool:
    return (
        character not in _FILLERS
        and not character.isspace()
        and unicodedata.category(character) not in _INVISIBLE_CATEGORIES
    )


def _is_junk(character: str) -> bool:
    """Whether a character at the text's edge says and shows nothing (marks may belong to the letter before them)."""
    return character in _FILLERS or character.isspace() or bool(_EDGE_FORMATS.match(character))


def _strip_invisible(text: str) -> str:
    start, end = 0, len(text)
    while start < end and _is_junk(text[start]):
        start += 1
    while end > start and _is_junk(text[end - 1]):
        end -= 1
    return text[start:end]


def _refused(message: str) -> ValidationFailed:
    return ValidationFailed({"text": [message]})
