"""Fields that take exactly what the API says, for input serializers and query parameters.

JSON has types and the API keeps to them: ``7`` is not a string, ``"7"`` and ``true`` are not numbers. REST framework's
own fields convert such values silently, so use those for output only. Query parameters are always strings; the
``…Param`` fields read a number or a truth value out of one. Every field describes itself for the OpenAPI schema.
"""

from __future__ import annotations

import math
import re
import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.validators import validate_email
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from micdots.lib.language_tags import MAX_LENGTH, canonical_language
from micdots.lib.plain_text import forbidden_character

_BIGINT = 2**63 - 1  # the largest integer that a column holds
_MAX_OBJECT_DEPTH = 10

# What refuse_forbidden_characters lets through, as JSON Schema says it.
_ALLOWED = r"^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f]*$"

_BAD_CHARACTER = _("This text holds a character that cannot be used here (%(character)s).")


def refuse_forbidden_characters(text: str) -> None:
    """Raise a serializer error where the text holds a control character, a null byte or a lone surrogate."""
    if character := forbidden_character(text):
        raise serializers.ValidationError(_BAD_CHARACTER % {"character": character}, code="invalid")


class StrictField(serializers.Field[Any, Any, Any, Any]):
    """Base of all fields here. Subclasses give ``to_internal_value`` and ``openapi``."""

    def openapi(self) -> dict[str, Any]:
        """The field as an OpenAPI schema object, without what REST framework adds (nullable, default)."""
        raise NotImplementedError

    def to_representation(self, value: Any) -> Any:
        return value


class StrictCharField(StrictField):
    """Text. Control characters other than tab and newline, null bytes and lone surrogates are refused.

    Args:
        max_length: in code points. Give one wherever a column has one.
        min_length: in code points, after trimming.
        multiline: keep tabs and newlines (``\\r\\n`` becomes ``\\n``); otherwise they become spaces.
        trim: cut white space at both ends (never for passwords).
        allow_blank: an empty text is fine.
    """

    default_error_messages = {
        "invalid": _("This must be text."),
        "blank": _("This must not be empty."),
        "max_length": _("This may have at most {max_length} characters."),
        "min_length": _("This needs at least {min_length} characters."),
    }
    openapi_format: str | None = None

    def __init__(
        self,
        *,
        max_length: int | None = None,
        min_length: int | None = None,
        multiline: bool = False,
        trim: bool = True,
        allow_blank: bool = False,
        **kwargs: Any,
    ) -> None:
        self.max_length, self.min_length = max_length, min_length
        self.multiline, self.trim, self.allow_blank = multiline, trim, allow_blank
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid")
        text = data.replace("\r\n", "\n")
        refuse_forbidden_characters(text)
        if not self.multiline:
            text = text.replace("\n", " ").replace("\t", " ")
        if self.trim:
            text = text.strip()
        if not text and not self.allow_blank:
            self.fail("blank")
        if self.max_length is not None and len(text) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        if text and self.min_length is not None and len(text) < self.min_length:
            self.fail("min_length", min_length=self.min_length)
        return self.read(text) if text else text

    def read(self, text: str) -> Any:
        """What a subclass makes of a text that is not empty; it calls ``fail`` where that cannot be done."""
        return text

    def openapi(self) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "string"}
        if self.openapi_format:
            schema["format"] = self.openapi_format
        else:
            schema["pattern"] = _ALLOWED
        if self.max_length is not None:
            schema["maxLength"] = self.max_length
        if self.min_length is not None or not self.allow_blank:
            schema["minLength"] = self.min_length or 1
        return schema


class StrictEmailField(StrictCharField):
    """An e-mail address of at most 254 characters (RFC 5321). Its letter case is left to the caller."""

    default_error_messages = {"email": _("Enter an e-mail address such as name@example.org.")}
    openapi_format = "email"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 254, **kwargs})

    def read(self, text: str) -> str:
        try:
            validate_email(text)
        except DjangoValidationError:
            self.fail("email")
        return text


class StrictChoiceField(StrictCharField):
    """One of a few words; ``choices`` is a ``TextChoices`` class or a sequence of words."""

    default_error_messages = {"choice": _("This must be one of: {choices}.")}

    def __init__(self, choices: Any, **kwargs: Any) -> None:
        self.words: list[str] = [str(word) for word in getattr(choices, "values", choices)]
        super().__init__(**kwargs)

    def read(self, text: str) -> str:
        if text not in self.words:
            self.fail("choice", choices=", ".join(self.words))
        return text

    def openapi(self) -> dict[str, Any]:
        return {"type": "string", "enum": self.words}


class LanguageField(StrictCharField):
    """A valid BCP 47 tag, returned in its usual letter case (``en-gb`` → ``en-GB``)."""

    default_error_messages = {"language": _("This must be a language tag such as en, en-GB or es-419.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": MAX_LENGTH, **kwargs})

    def read(self, text: str) -> str:
        try:
            return canonical_language(text)
        except ValueError:
            self.fail("language")

    def openapi(self) -> dict[str, Any]:
        return {
            "type": "string",
            "maxLength": self.max_length,
            "description": "A BCP 47 language tag.",
            "example": "en-GB",
        }


class StrictUUIDField(StrictCharField):
    """An id, as 36 characters with hyphens in any letter case; gives a ``uuid.UUID``."""

    default_error_messages = {"uuid": _("This must be an id: a UUID such as 123e4567-e89b-12d3-a456-426614174000.")}
    openapi_format = "uuid"

    def read(self, text: str) -> uuid.UUID:
        try:
            return parse_uuid(text)
        except ValueError:
            self.fail("uuid")

    def openapi(self) -> dict[str, Any]:
        return {"type": "string", "format": "uuid"}


class HttpUrlField(StrictCharField):
    """An absolute ``http`` or ``https`` address with a host and without a password; spaces are refused."""

    default_error_messages = {"url": _("Enter an address that begins with https:// or http://.")}
    openapi_format = "uri"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 2000, **kwargs})

    def read(self, text: str) -> str:
        try:
            parts = urlsplit(text)
            valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.password is None
            valid = valid and (parts.port is None or parts.port > 0)  # reading the port checks it
        except ValueError:
            valid = False
        if not valid or re.search(r"[\s\\<>\"]", text):
            self.fail("url")
        return text


class UtcDateTimeField(StrictCharField):
    """An instant: ISO 8601 with an offset or ``Z`` on the way in, UTC with ``Z`` on the way out."""

    default_error_messages = {"datetime": _("This must be a time with its offset, such as 2026-11-22T15:45:00Z.")}
    openapi_format = "date-time"

    def read(self, text: str) -> datetime:
        try:
            moment = parse_datetime(text)
            if moment is None or moment.tzinfo is None:
                self.fail("datetime")
            return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail("datetime")

    def to_representation(self, value: datetime | None) -> str | None:
        return utc_text(value) if value else None

    def openapi(self) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}


class StrictDateField(StrictCharField):
    """A calendar day, ``2026-11-22``."""

    default_error_messages = {"date": _("This must be a day such as 2026-11-22.")}
    openapi_format = "date"

    def read(self, text: str) -> date:
        try:
            day = parse_date(text) if len(text) == 10 else None
        except ValueError:
            day = None
        if day is None:
            self.fail("date")
        return day

    def to_representation(self, value: date | None) -> str | None:
        return value.isoformat() if value else None

    def openapi(self) -> dict[str, Any]:
        return {"type": "string", "format": "date"}


class StrictIntegerField(StrictField):
    """A whole number; ``7.0`` is one in JSON Schema, ``"7"`` and ``true`` are not. Bounds are inclusive."""

    default_error_messages = {
        "invalid": _("This must be a whole number."),
        "range": _("This must be between {minimum} and {maximum}."),
    }

    def __init__(self, *, minimum: int = -_BIGINT, maximum: int = _BIGINT, **kwargs: Any) -> None:
        self.minimum, self.maximum = minimum, maximum
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, float) and data.is_integer():
            data = int(data)
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        if not self.minimum <= data <= self.maximum:
            self.fail("range", minimum=self.minimum, maximum=self.maximum)
        return data

    def openapi(self) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "integer"}
        if self.minimum > -_BIGINT:
            schema["minimum"] = self.minimum
        if self.maximum < _BIGINT:
            schema["maximum"] = self.maximum
        return schema


class IntegerParam(StrictIntegerField):
    """A whole number in a query parameter: ASCII digits with an optional minus sign."""

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, str) or not re.fullmatch(r"-?[0-9]{1,19}", data):
            self.fail("invalid")
        return super().to_internal_value(int(data))


class StrictFloatField(StrictField):
    """A finite number; text and truth values are refused. Bounds are inclusive."""

    default_error_messages = {
        "invalid": _("This must be a number."),
        "range": _("This must be between {minimum} and {maximum}."),
    }

    def __init__(self, *, minimum: float = -math.inf, maximum: float = math.inf, **kwargs: Any) -> None:
        self.minimum, self.maximum = minimum, maximum
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> float:
        if not isinstance(data, int | float) or isinstance(data, bool):
            self.fail("invalid")
        if not self.minimum <= data <= self.maximum:
            self.fail("range", minimum=self.minimum, maximum=self.maximum)
        try:
            number = float(data)
        except OverflowError:
            self.fail("invalid")
        if not math.isfinite(number):
            self.fail("invalid")
        return number

    def openapi(self) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "number"}
        if math.isfinite(self.minimum):
            schema["minimum"] = self.minimum
        if math.isfinite(self.maximum):
            schema["maximum"] = self.maximum
        return schema


class StrictBooleanField(StrictField):
    """``true`` or ``false``, nothing that looks like them."""

    default_error_messages = {"invalid": _("This must be true or false.")}

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid")
        return data

    def openapi(self) -> dict[str, Any]:
        return {"type": "boolean"}


class BooleanParam(StrictBooleanField):
    """``true`` or ``false`` in a query parameter."""

    def to_internal_value(self, data: Any) -> bool:
        return super().to_internal_value({"true": True, "false": False}.get(data, data))


class StrictListField(StrictField):
    """A list whose items all pass ``child``; errors name the place (``tags.2``).

    Args:
        child: the field for one item.
        max_items: at most so many.
    """

    default_error_messages = {
        "invalid": _("This must be a list."),
        "max_items": _("This may have at most {max_items} entries."),
    }

    def __init__(self, child: StrictField, *, max_items: int, **kwargs: Any) -> None:
        self.child, self.max_items = child, max_items
        super().__init__(**kwargs)
        self.child.bind(field_name="", parent=self)  # type: ignore[arg-type]  # the stubs know of serializers only

    def to_internal_value(self, data: Any) -> list[Any]:
        if not isinstance(data, list):
            self.fail("invalid")
        if len(data) > self.max_items:
            self.fail("max_items", max_items=self.max_items)
        values: list[Any] = []
        errors: Any = {}  # place → messages
        for place, item in enumerate(data):
            try:
                values.append(self.child.run_validation(item))
            except serializers.ValidationError as error:
                errors[place] = error.detail
        if errors:
            raise serializers.ValidationError(errors)
        return values

    def to_representation(self, value: Sequence[Any]) -> list[Any]:
        return [self.child.to_representation(item) for item in value]

    def openapi(self) -> dict[str, Any]:
        return {"type": "array", "items": self.child.openapi(), "maxItems": self.max_items}


class StrictObjectField(StrictField):
    """A free-form JSON object, for what somebody else defines (an engine's settings); a service checks what it holds.

    Texts in it obey the same rules as elsewhere, and it may be nested ten levels deep.
    """

    default_error_messages = {
        "invalid": _("This must be an object."),
        "depth": _("This is nested too deeply."),
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.fail("invalid")
        self._check(data, 1)
        return data

    def _check(self, value: Any, depth: int) -> None:
        if depth > _MAX_OBJECT_DEPTH:
            self.fail("depth")
        if isinstance(value, str):
            refuse_forbidden_characters(value)
        elif isinstance(value, dict):
            for key, item in value.items():
                refuse_forbidden_characters(key)
                self._check(item, depth + 1)
        elif isinstance(value, list):
            for item in value:
                self._check(item, depth + 1)

    def openapi(self) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": True}


def parse_uuid(text: str) -> uuid.UUID:
    """The canonical form only: ``uuid.UUID`` also takes braces, ``urn:`` and no hyphens. Raises ``ValueError``."""
    value = uuid.UUID(text)
    if str(value) != text.lower():
        raise ValueError("not in canonical form")
    return value


def utc_text(moment: datetime) -> str:
    """``2026-11-22T15:45:00Z``, with a fraction of the second where there is one."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
