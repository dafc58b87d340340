"""The pages below /account/. Coming in runs on django-allauth's flows, the rest is ours."""

from __future__ import annotations

from typing import Any, cast

from allauth.account import views as allauth_views
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import erasure, selectors, services
from accounts.forms import (
    ChangeEmailForm,
    ChangePasswordForm,
    DeleteAccountForm,
    ProfileForm,
    ResetPasswordForm,
    carried_out,
    status_of,
    tell,
)
from accounts.limits import account_key, email_key
from accounts.models import User
from micdots.api.limits import enforce
from micdots.lib.errors import MicDotsError

ENTRIES_A_PAGE = 50

form_page = require_http_methods(["GET", "HEAD", "POST"])


# --- Coming in --------------------------------------------------------------------------------------------------------


class SignInView(allauth_views.LoginView):
    def form_invalid(self, form: Any) -> HttpResponse:
        response = super().form_invalid(form)
        response.status_code = status_of(form)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "signup_open": settings.SIGNUP_OPEN}


class SignUpView(allauth_views.SignupView):
    def form_valid(self, form: Any) -> HttpResponse:
        try:
            enforce(self.request, "register")
            return cast(HttpResponse, super().form_valid(form))
        except MicDotsError as error:
            tell(form, error, {"password": "password1"})
            return self.form_invalid(form)

    def form_invalid(self, form: Any) -> HttpResponse:
        response = super().form_invalid(form)
        response.status_code = status_of(form)
        return response

    def closed(self) -> HttpResponse:
        return render(self.request, self.template_name_signup_closed, status=403)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "welcome_tokens": settings.WELCOME_TOKENS}


class NewPasswordView(allauth_views.PasswordResetFromKeyView):
    def form_invalid(self, form: Any) -> HttpResponse:
        response = super().form_invalid(form)
        response.status_code = status_of(form)
        return response


@form_page
@never_cache
def reset_password(request: HttpRequest) -> HttpResponse:
    """Asks for the e-mail address, and says the same whether or not there is such an account."""
    form = ResetPasswordForm(request.POST or None)

    def send() -> None:
        email = form.cleaned_data["email"]
        enforce(request, "password")
        enforce(request, "mail", email_key(email))
        services.request_password_reset(email=email)

    if request.method == "POST" and carried_out(form, send):
        return redirect("account_reset_password_done")
    return render(request, "account/password_reset.html", {"form": form}, status=status_of(form))


# --- Signed in --------------------------------------------------------------------------------------------------------


@login_required
@form_page
@never_cache
def profile(request: HttpRequest) -> HttpResponse:
    account = _account(request)
    form = ProfileForm(request.POST or None, account=account)
    if request.method == "POST" and carried_out(
        form, lambda: services.update_profile(account=account, **form.cleaned_data)
    ):
        messages.success(request, _("Saved."))
        return redirect("accounts:profile")
    return render(request, "accounts/profile.html", {"form": form, "account": account}, status=status_of(form))


@login_required
@require_http_methods(["GET", "HEAD"])
@never_cache
def tokens(request: HttpRequest) -> HttpResponse:
    """Balance and history."""
    account = _account(request)
    page = Paginator(selectors.token_entries_of(account), ENTRIES_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "accounts/tokens.html", {"account": account, "page": page})


@login_required
@sensitive_post_parameters()
@form_page
@never_cache
def change_password(request: HttpRequest) -> HttpResponse:
    account = _account(request)
    form = ChangePasswordForm(request.POST or None)

    def change() -> None:
        enforce(request, "password", account_key(account.pk))
        services.change_password(account=account, **form.cleaned_data)

    if request.method == "POST" and carried_out(form, change):
        update_session_auth_hash(request, account)  # this browser stays signed in, all others do not
        messages.success(request, _("Your password is changed. All other devices are signed out."))
        return redirect("accounts:profile")
    return render(request, "account/password_change.html", {"form": form}, status=status_of(form))


@login_required
@sensitive_post_parameters()
@form_page
@never_cache
def change_email(request: HttpRequest) -> HttpResponse:
    account = _account(request)
    form = ChangeEmailForm(request.POST or None)

    def change() -> None:
        enforce(request, "password", account_key(account.pk))
        enforce(request, "mail", account_key(account.pk))
        services.request_own_email_change(account=account, **form.cleaned_data)

    if request.method == "POST" and carried_out(form, change):
        messages.success(request, _("We sent a mail to the new address: open the link in it."))
        return redirect("account_email")
    context = {
        "form": form,
        "account": account,
        "is_verified": selectors.is_email_verified(account),
        "pending": selectors.pending_email(account),
    }
    return render(request, "account/email_change.html", context, status=status_of(form))


@login_required
@require_POST
def send_verification(request: HttpRequest) -> HttpResponse:
    """The mail that confirms the present address, once more."""
    account = _account(request)
    enforce(request, "mail", email_key(account.email))
    services.send_verification(email=account.email)
    messages.success(request, _("We sent you a mail: open the link in it."))
    return redirect("account_email")


@login_required
@sensitive_post_parameters()
@form_page
@never_cache
def delete_account(request: HttpRequest) -> HttpResponse:
    account = _account(request)
    form = DeleteAccountForm(request.POST or None)

    def erase() -> None:
        enforce(request, "password", account_key(account.pk))
        erasure.erase_own_account(account=account, password=form.cleaned_data["password"])

    if request.method == "POST" and carried_out(form, erase):
        logout(request)
        messages.success(request, _("Your account is deleted. Goodbye."))
        return redirect("/")
    return render(request, "accounts/delete.html", {"form": form, "account": account}, status=status_of(form))


def _account(request: HttpRequest) -> User:
    return cast(User, request.user)
