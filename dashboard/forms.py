"""Which figures somebody wants to see, and what is written down for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from generations.forms import show_refusal
from micdots.lib.errors import ValidationFailed
from micdots.lib.language_names import language_name
from plays import figures

LONGEST_PRESET = 366
# As long as the database has them.
LONGEST_TAG, LONGEST_LANGUAGE = 40, 35


def _date_field(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )


class PeriodForm(forms.Form):
    """The days that figures are wanted for, how finely, of which dots, and beside what.

    It always has an answer for what was not said: an address without parameters shows the last 30 days. ``?days=7``
    stands for ``from`` and ``to``, so that a bookmark moves with the calendar.
    """

    interval = forms.ChoiceField(label=_("In steps of"), choices=[("day", _("days")), ("hour", _("hours"))])
    compare = forms.ChoiceField(
        label=_("Compare with"), choices=[("before", _("period before")), ("none", _("nothing"))]
    )
    tag = forms.ChoiceField(
        label=_("Tag"), required=False, error_messages={"invalid_choice": _("None of your dots has this tag.")}
    )
    # Not a field of choices: which there are hangs on the period.
    language = forms.CharField(label=_("Language"), required=False, widget=forms.Select)

    def __init__(
        self,
        query: Mapping[str, str],
        *,
        zone: ZoneInfo,
        today: date,
        tags: Sequence[str] = (),
        languages: Callable[[figures.Span, str], Sequence[str]],
    ) -> None:
        """Args:
        query: what the address says.
        zone: where the account's days begin.
        today: the present day there.
        tags: what can be chosen; without any the field is left out.
        languages: says what can be chosen for a period, when something is chosen already; without any as with tags.
        """
        self._languages = languages
        self.zone, self.today = zone, today
        self.span: figures.Span | None = None  # what was asked for; None while the form is wrong
        super().__init__(self._with_defaults(query))
        # “from” is a word of Python, and the page's addresses use those of the API.
        self.fields = {"from": _date_field(_("From")), "to": _date_field(_("To")), **self.fields}
        self._offer("tag", [(tag, tag) for tag in tags], _("all"))

    def _with_defaults(self, query: Mapping[str, str]) -> dict[str, str]:
        names = ("from", "to", "interval", "compare", "tag", "language")
        data = {name: query[name] for name in names if name in query}
        if "from" not in data and "to" not in data:
            days = query.get("days", "")
            usual = figures.HOUR_DAYS if data.get("interval") == "hour" else figures.DEFAULT_DAYS
            count = int(days) if days.isascii() and days.isdigit() and len(days) < 5 else usual
            first = self.today - timedelta(days=min(max(count, 1), LONGEST_PRESET) - 1)
            data |= {"from": first.isoformat(), "to": self.today.isoformat()}
        return {"interval": "day", "compare": "before", **data}

    def _offer(self, name: str, choices: list[tuple[str, Any]], everything: Any) -> None:
        field: Any = self.fields[name]
        target = field if isinstance(field, forms.ChoiceField) else field.widget
        target.choices = [("", everything), *choices]
        if not choices and not self.data.get(name):
            del self.fields[name]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                self.span = figures.span_from(
                    zone=self.zone,
                    today=self.today,
                    first=cleaned["from"],
                    last=cleaned["to"],
                    interval=cleaned["interval"],
                )
            except ValidationFailed as error:
                show_refusal(self, error)
        self._choose_language(cleaned.get("language", ""))
        return cleaned

    def _choose_language(self, language: str) -> None:
        """Offer those of the period, or of the usual one while it is wrong."""
        span = self.span or figures.span_from(zone=self.zone, today=self.today)
        languages = self._languages(span, language)
        if language and language not in languages:
            self.add_error("language", _("Nothing has been counted in this language."))
            self.span = None
        self._offer("language", [(tag, language_name(tag)) for tag in languages], _("all"))

    @property
    def compares(self) -> bool:
        return bool(self.cleaned_data.get("compare") == "before")

    @property
    def is_narrowed(self) -> bool:
        """Whether a tag or a language leaves something out."""
        return any(self.cleaned_data.get(name) for name in ("tag", "language"))


def narrowed(scope: figures.Scope, query: Mapping[str, str]) -> figures.Scope | None:
    """The scope with the tag and the language of an address, without looking up which there are.

    None: nothing can have such a tag or language.
    """
    tag, language = query.get("tag", ""), query.get("language", "")
    if "\0" in tag + language or len(tag) > LONGEST_TAG or len(language) > LONGEST_LANGUAGE:
        return None
    return replace(scope, tag=tag, language=language)


class ListeningSettingsForm(forms.Form):
    keeps_attributes = forms.BooleanField(
        label=_("Write down devices, places and where visitors came from"),
        required=False,
        help_text=_(
            "Without it, only scans and plays are counted from now on, and no visitors. "
            "What is there already stays. Of visitors who ask not to be tracked nothing of this is ever kept."
        ),
    )
    wants_weekly_mail = forms.BooleanField(
        label=_("Send me a summary every week"),
        required=False,
        help_text=_("An e-mail on Monday morning about the week before."),
    )
