"""What people type into the pages of files. The services judge it; forms only read and ask again."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from uploads.library import FAMILIES
from uploads.models import MAX_FILE_NAME_CHARACTERS, File

# Word in the address → (what it is called, order of the rows).
SORTS: dict[str, tuple[Any, tuple[str, str]]] = {
    "newest": (_("Newest first"), ("-created_at", "-pk")),
    "oldest": (_("Oldest first"), ("created_at", "pk")),
    "name": (_("Name, A to Z"), ("file_name", "pk")),
    "name-z": (_("Name, Z to A"), ("-file_name", "-pk")),
    "largest": (_("Largest first"), ("-bytes", "-pk")),
    "smallest": (_("Smallest first"), ("bytes", "pk")),
}
MOST_DOWNLOADS = 1_000_000


class FileFilterForm(forms.Form):
    """What narrows the list down, and its order. Nonsense narrows nothing down."""

    q = forms.CharField(label=_("Search by name"), max_length=200, required=False, widget=forms.SearchInput)
    type = forms.ChoiceField(label=_("Type"), required=False, choices=[("", _("All")), *FAMILIES.items()])
    sort = forms.ChoiceField(
        label=_("Order"), required=False, choices=[(word, label) for word, (label, _order) in SORTS.items()]
    )

    def narrowing(self) -> dict[str, str]:
        self.is_valid()
        return {"query": self.cleaned_data.get("q", ""), "family": self.cleaned_data.get("type", "")}

    def order(self) -> tuple[str, str]:
        self.is_valid()
        return SORTS[self.cleaned_data.get("sort") or "newest"][1]


class RenameForm(forms.Form):
    file_name = forms.CharField(
        label=_("Name"), max_length=MAX_FILE_NAME_CHARACTERS, widget=forms.TextInput(attrs={"dir": "auto"})
    )

    def __init__(self, *args: Any, file: File, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"file_name": file.file_name})
        super().__init__(*args, **kwargs)


class ShareForm(forms.Form):
    """How long, for whom and how often a link opens a file."""

    expires_at = forms.DateTimeField(
        label=_("Ends on"),
        required=False,
        widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}),
    )
    password = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        help_text=_("4 to 128 characters. Tell it to people on another way than the link."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    max_downloads = forms.IntegerField(
        label=_("Downloads allowed"), required=False, min_value=1, max_value=MOST_DOWNLOADS
    )
