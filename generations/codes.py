"""What stands behind ``/d/`` and ``/q/``: short codes that we give out, and slugs that people choose.

A code is read from paper, typed by hand and spoken on the telephone, and it stays for ever. Its alphabet therefore has

* capitals only, so that the printed address stays in the densest mode of a QR symbol;
* at most one of each group that is taken for another: no ``0 O``, ``1 I L``, ``Z`` (2), ``S`` (5), ``B`` (8),
  ``G`` (6), ``U V Y`` (and ``VV`` for ``W``);
* no vowel, and no ``4``, which is read as one: chance cannot spell a word that hurts somebody.

That leaves 21 characters: 86 million codes of six, 38 thousand million of eight.
"""

from __future__ import annotations

import re
import secrets

from django.utils.translation import gettext as _

from micdots.lib.errors import ValidationFailed

ALPHABET = "2356789CDFHJKMNPQRTWX"
MIN_LENGTH, MAX_LENGTH = 6, 8
SLUG_MIN, SLUG_MAX = 3, 60

_CODE = re.compile(rf"[{ALPHABET}]{{{MIN_LENGTH},{MAX_LENGTH}}}")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
# Words that would look as if the people who run the site spoke, or that addresses may need later.
_RESERVED_WORDS = (
    "about account accounts admin administrator analytics api app assets audio billing blog captions contact dashboard "
    "design docs dot dots download downloads embed events faq favicon feed files generations healthz help home imprint "
    "index legal login logout mail media metrics micdots new null official password play plays preview privacy qr "
    "readyz register robots root scan scans schema search security settings share shop signin signup sitemap staff "
    "static status studio support system terms test undefined uploads user users voice voices webhooks www"
)
_RESERVED = frozenset(_RESERVED_WORDS.split())


def new_code(length: int = MIN_LENGTH) -> str:
    """A random code. The caller makes sure that no dot has or had it, and asks for a longer one when they run short.

    Args:
        length: 6 to 8 characters.
    """
    if not MIN_LENGTH <= length <= MAX_LENGTH:
        raise ValueError(f"a code has {MIN_LENGTH} to {MAX_LENGTH} characters")
    return "".join(secrets.choice(ALPHABET) for _place in range(length))


def normalise_code(text: str) -> str | None:
    """The code that somebody typed in any letter case, or None when this cannot be a code (it may be a slug)."""
    code = text.strip().upper()
    return code if _CODE.fullmatch(code) else None


def validate_slug(slug: str) -> str:
    """The slug itself, if people may choose it; whether it is taken is for the caller to see.

    Slugs are 3 to 60 lower-case letters, digits and single hyphens between them, never shaped like a code (one of the
    two would hide the other) and never a reserved word.

    Raises:
        ValidationFailed: on ``slug``, with a message that says what to change.
    """
    if not SLUG_MIN <= len(slug) <= SLUG_MAX:
        raise ValidationFailed(
            {
                "slug": [
                    _("Use %(least)d to %(most)d characters.") % {"least": SLUG_MIN, "most": SLUG_MAX},
                ]
            }
        )
    if not _SLUG.fullmatch(slug):
        raise ValidationFailed(
            {"slug": [_("Use lower-case letters from a to z, digits, and single hyphens between them.")]}
        )
    if slug in _RESERVED:
        raise ValidationFailed({"slug": [_("This word is kept for the site itself. Please choose another one.")]})
    if normalise_code(slug):
        raise ValidationFailed({"slug": [_("This looks like one of our short codes. Please add a vowel or a hyphen.")]})
    return slug
