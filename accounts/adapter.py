"""Where django-allauth's pages meet our services: it runs the flows, we write the rows and send the mail."""

from __future__ import annotations

from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import services
from accounts.mail import absolute, send_mail
from accounts.models import User


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.SIGNUP_OPEN)

    def set_password(self, user: AbstractBaseUser, password: str) -> None:
        services.set_password(account=cast(User, user), password=password)

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        if services.confirm_email(address=email_address):
            messages.success(request, _("Thank you: your e-mail address is confirmed."))
            return True
        messages.error(request, _("This address belongs to another account by now."))
        return False

    def pre_login(self, request: HttpRequest, user: AbstractBaseUser, **kwargs: Any) -> HttpResponse | None:
        if isinstance(user, User) and user.is_suspended:
            return self.respond_user_inactive(request, user)
        return super().pre_login(request, user, **kwargs)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("accounts:profile")

    # --- Mail: ours, with ours as the only templates -----------------------------------------------------------------

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        raise NotImplementedError(f"Mail goes through accounts.mail.send_mail, not through {template_prefix}.")

    def send_confirmation_mail(self, request: HttpRequest, emailconfirmation: Any, signup: bool) -> None:
        """Asked for again. After a sign-up nothing: the welcome mail has the link."""
        if not signup:
            services.send_verification(email=emailconfirmation.email_address.email)

    def send_account_already_exists_mail(self, email: str) -> None:
        account = User.objects.living().with_email(email).first()
        send_mail(
            "account-exists",
            account or email,
            {
                "sign_in_url": absolute(reverse("account_login")),
                "reset_url": absolute(reverse("account_reset_password")),
            },
            address=email,
        )

    def send_notification_mail(
        self,
        template_prefix: str,
        user: AbstractBaseUser,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Nothing: our services tell owners what was changed, whichever way it was."""

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        """The few messages worth reading, in our words; "you have signed in" is plain to see."""
        words = {
            "account/messages/email_confirmation_sent.txt": _("We sent you a mail: open the link in it."),
            "account/messages/password_changed.txt": _("Your password is changed. All other devices are signed out."),
        }.get(message_template or "")
        if words or message:
            messages.add_message(request, level, words or message or "", extra_tags=extra_tags)
