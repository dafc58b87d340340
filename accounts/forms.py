"""What people type about their account. Forms check what can be seen in the form; services hold the rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from allauth.account.forms import LoginForm, SignupForm
from allauth.account.forms import ResetPasswordKeyForm as AllauthNewPasswordForm
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts import registry, services
from accounts.limits import email_key
from accounts.models import User
from accounts.time_zones import time_zones
from accounts.validators import no_control_characters
from micdots.api.limits import enforce
from micdots.lib.errors import MicDotsError, RateLimited

PASSWORD_HINT = _("At least 10 characters. A few words that do not belong together are easy to remember.")


def tell(form: forms.BaseForm, error: MicDotsError, fields: Mapping[str, str] | None = None) -> None:
    """Show what a service refused: beside the fields that it names, or above the form.

    Args:
        fields: the service's name of a field → the form's, where they differ.
    """
    placed = False
    for name, messages in error.details.items():
        field = (fields or {}).get(name, name)
        if field in form.fields:
            form.add_error(field, [str(message) for message in messages])
            placed = True
    if not placed:
        form.add_error(None, ValidationError(str(error.message), code=error.code))


def carried_out(form: forms.BaseForm, do: Callable[[], object], fields: Mapping[str, str] | None = None) -> bool:
    """Whether the form is right and the service did what it asks; what it refused stands on the form then."""
    if not form.is_valid():
        return False
    try:
        do()
    except MicDotsError as error:
        tell(form, error, fields)
        return False
    return True


def status_of(form: forms.BaseForm) -> int:
    """The HTTP status of a page that shows this form (again)."""
    if not form.errors:
        return 200
    return RateLimited.status if form.has_error("__all__", RateLimited.code) else 422


def _email_field(**kwargs: Any) -> forms.EmailField:
    widget = forms.EmailInput(attrs={"autocomplete": "email", "autocapitalize": "none", "spellcheck": "false"})
    return forms.EmailField(**{"label": _("E-mail address"), "max_length": 254, "widget": widget, **kwargs})


def _password_field(label: Any, autocomplete: str, **kwargs: Any) -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, strip=False, widget=widget, **kwargs)


def _name_field() -> forms.CharField:
    return forms.CharField(
        label=_("Name"),
        max_length=120,
        required=False,
        validators=[no_control_characters],
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


# --- Coming in, on django-allauth's flows -----------------------------------------------------------------------------


class SignInForm(LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = _email_field()
        self.fields["password"] = _password_field(_("Password"), "current-password")
        self.order_fields(["login", "password"])

    def clean(self) -> dict[str, Any]:
        if not self.errors:
            # Of one visitor, and on one account from wherever.
            try:
                enforce(self.request, "login")
                enforce(self.request, "login", email_key(self.cleaned_data["login"]))
            except RateLimited as error:
                raise ValidationError(str(error.message), code=error.code) from error
        try:
            cleaned: dict[str, Any] = super().clean()
        except ValidationError as error:
            # The same words for an unknown address and a wrong password.
            raise ValidationError(_("The e-mail address or the password is wrong."), code="wrong") from error
        # Said only to somebody who knows the password.
        if isinstance(self.user, User) and self.user.is_suspended:
            message = _("This account is suspended. Please contact the people who run this service.")
            raise ValidationError(message, code="suspended")
        return cleaned


class SignUpForm(SignupForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"] = _email_field(
            help_text=_("You sign in with it. We send you a mail to confirm it; nobody else gets to see it.")
        )
        self.fields["password1"] = _password_field(_("Password"), "new-password", help_text=PASSWORD_HINT)
        self.fields["name"] = _name_field()
        self.order_fields(["email", "password1", "name"])

    def save(self, request: HttpRequest) -> User:
        data = self.cleaned_data
        return services.sign_up(email=data["email"], password=data["password1"], name=data["name"])


class NewPasswordForm(AllauthNewPasswordForm):
    """Behind the link in the mail. The password is asked for once: every browser can show it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"] = _password_field(_("New password"), "new-password", help_text=PASSWORD_HINT)
        del self.fields["password2"]

    def clean_password1(self) -> str:
        password: str = self.cleaned_data["password1"]
        try:
            services.check_password_rules(password, self.user)
        except MicDotsError as error:
            raise ValidationError([str(message) for message in error.details["password"]]) from error
        return password

    def save(self) -> None:
        services.set_password_by_mail(account=self.user, password=self.cleaned_data["password1"])


# --- Ours -------------------------------------------------------------------------------------------------------------


class ResetPasswordForm(forms.Form):
    email = _email_field()


class ChangePasswordForm(forms.Form):
    current_password = _password_field(_("Present password"), "current-password")
    new_password = _password_field(_("New password"), "new-password", help_text=PASSWORD_HINT)


class ChangeEmailForm(forms.Form):
    email = _email_field(label=_("New e-mail address"))
    password = _password_field(_("Your password"), "current-password")


class DeleteAccountForm(forms.Form):
    password = _password_field(_("Your password"), "current-password")


class ProfileForm(forms.Form):
    name = _name_field()
    bio = forms.CharField(
        label=_("Short biography"),
        max_length=500,
        required=False,
        validators=[no_control_characters],
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    language = forms.ChoiceField(
        label=_("Language"), choices=settings.LANGUAGES, help_text=_("Of these pages, and of mails to you.")
    )
    timezone = forms.ChoiceField(label=_("Time zone"))
    default_voice = forms.ChoiceField(
        label=_("Default voice"), required=False, help_text=_("Chosen already when you make a new dot.")
    )

    def __init__(self, *args: Any, account: User, **kwargs: Any) -> None:
        kwargs["initial"] = {name: getattr(account, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)
        self._offer("timezone", [(zone, zone.replace("_", " ")) for zone in time_zones()])
        voices = [(language, list(options)) for language, options in registry.voices().choices()]
        known = {voice for _language, options in voices for voice, _label in options}
        if account.default_voice and account.default_voice not in known:
            # A voice that is gone today stays chosen until its owner says otherwise.
            voices = [(account.default_voice, [(account.default_voice, account.default_voice)]), *voices]
        self._offer("default_voice", [("", _("None: the installation's for each language")), *voices])

    def _offer(self, name: str, choices: list[Any]) -> None:
        cast(forms.ChoiceField, self.fields[name]).choices = choices
