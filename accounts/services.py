"""What a person or a program can do with an account. Erasing one is in ``erasure``, tokens are in ``ledger``."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts import ledger, registry, selectors, sign_ins
from accounts.exceptions import EmailTaken
from accounts.mail import absolute, send_mail
from accounts.managers import normalise_email
from accounts.models import User
from accounts.signals import time_zone_changed
from accounts.time_zones import time_zones
from micdots.lib.errors import (
    AccountSuspended,
    Conflict,
    EmailNotVerified,
    Forbidden,
    Unauthorized,
    ValidationFailed,
)

logger = logging.getLogger(__name__)


# --- Coming in -----------------------------------------------------------------------------------------------------


def sign_up(*, email: str, password: str, name: str = "", language: str | None = None) -> User:
    """A new account with its welcome tokens; a mail greets its owner and asks to confirm the address.

    Args:
        language: of the account's pages and mails; the language of the present request when None.

    Raises:
        Forbidden: sign-up is closed.
        ValidationFailed: names ``email``, ``password`` or ``name``.
        EmailTaken: another account has the address; nothing is written.
    """
    if not settings.SIGNUP_OPEN:
        raise Forbidden(_("Sign-up is closed here. Ask the people who run this service for an account."))
    email = _clean_email(email)
    account = User(email=email, name=_clean_name(name), language=_known_language(language))
    check_password_rules(password, account)
    if is_email_taken(email):
        raise EmailTaken
    account.set_password(password)
    try:
        with transaction.atomic():
            account.save()
            EmailAddress.objects.create(user=account, email=email, primary=True, verified=False)
            ledger.welcome(account=account, amount=settings.WELCOME_TOKENS)
            send_mail("welcome", account, {"confirm_url": _confirm_url(account), "tokens": account.token_balance})
    except IntegrityError as error:
        # Somebody signed up with the same address since we looked.
        raise EmailTaken from error
    logger.info("account %s signed up", account.pk)
    return account


def is_email_taken(email: str, *, but_for: User | None = None) -> bool:
    """Whether an account signs in with this address, or has confirmed it."""
    email = normalise_email(email)
    accounts, addresses = User.objects.with_email(email), EmailAddress.objects.filter(email=email, verified=True)
    if but_for is not None:
        accounts, addresses = accounts.exclude(pk=but_for.pk), addresses.exclude(user=but_for)
    return accounts.exists() or addresses.exists()


def check_credentials(*, email: str, password: str) -> User:
    """The account that this e-mail and password belong to. Unknown addresses take as long as wrong passwords.

    Raises:
        Unauthorized: with the same words for both.
        AccountSuspended, EmailNotVerified: only told to who knows the password.
    """
    account = User.objects.living().with_email(email).first()
    if account is None:
        User().set_password(password)
    if account is None or not account.check_password(password) or not account.is_active:
        raise Unauthorized(_("The e-mail address or the password is wrong."))
    if account.is_suspended:
        raise AccountSuspended
    if settings.EMAIL_VERIFICATION_REQUIRED and not selectors.is_email_verified(account):
        raise EmailNotVerified
    return account


def send_verification(*, email: str) -> None:
    """Send the mail that confirms an address again; nothing happens when there is nothing to confirm."""
    account = User.objects.living().with_email(email).filter(is_active=True).first()
    if account is not None and not selectors.is_email_verified(account):
        send_mail("verify-email", account, {"confirm_url": _confirm_url(account)})


# --- Passwords -----------------------------------------------------------------------------------------------------


def check_password_rules(password: str, account: User, *, field: str = "password") -> None:
    """Raise ``ValidationFailed`` on ``field`` for a password too short, too long, common or like the e-mail."""
    try:
        validate_password(password, account)
    except ValidationError as error:
        raise ValidationFailed({field: list(error.messages)}) from error


def request_password_reset(*, email: str) -> None:
    """Mail a link that sets a new password, if there is such an account. The link works for an hour, once."""
    account = User.objects.living().with_email(email).filter(is_active=True, suspended_at=None).first()
    if account is None:
        return
    send_mail("password-reset", account, {"reset_url": _new_password_url(account)})


@transaction.atomic
def set_password_by_mail(*, account: User, password: str) -> None:
    """As ``set_password``, for somebody who opened the link in our mail: which proves that the address is theirs."""
    set_password(account=account, password=password)
    EmailAddress.objects.filter(user=account, email=account.email).update(verified=True)


def change_password(*, account: User, current_password: str, new_password: str) -> None:
    """Set a new password for somebody who knows the present one.

    Raises:
        ValidationFailed: names ``current_password`` or ``new_password``.
    """
    if not account.check_password(current_password):
        raise ValidationFailed({"current_password": [_("This is not your present password.")]})
    check_password_rules(new_password, account, field="new_password")
    set_password(account=account, password=new_password)


@transaction.atomic
def set_password(*, account: User, password: str) -> None:
    """Write a new password that has been checked. Every session and API token of the account ends; a mail says so."""
    account.set_password(password)
    account.save(update_fields=["password", "updated_at"])
    sign_ins.end_all(account=account)
    send_mail("password-changed", account, {"reset_url": absolute(reverse("account_reset_password"))})
    logger.info("account %s has a new password", account.pk)


# --- Profile -------------------------------------------------------------------------------------------------------


def update_profile(*, account: User, **changes: Any) -> User:
    """Change what the owner says about themselves; what is left out stays.

    Args:
        changes: any of ``name`` (≤ 120 characters), ``bio`` (≤ 500), ``language`` (one of the installed ones),
            ``timezone`` (an IANA name), ``default_voice`` (a voice id, or empty for none).

    Raises:
        ValidationFailed: names the fields; nothing is written.
    """
    problems: dict[str, list[str]] = {}
    if "language" in changes and changes["language"] not in dict(settings.LANGUAGES):
        problems["language"] = [_("This language is not installed here.")]
    if "timezone" in changes and changes["timezone"] not in time_zones():
        problems["timezone"] = [_("There is no such time zone. Use a name like Europe/Berlin.")]
    if changes.get("default_voice") and not registry.voices().is_available(changes["default_voice"]):
        problems["default_voice"] = [_("There is no such voice.")]
    if problems:
        raise ValidationFailed(problems)
    allowed = {"name", "bio", "language", "timezone", "default_voice"}
    if unknown := set(changes) - allowed:
        raise TypeError(f"Not part of a profile: {', '.join(sorted(unknown))}")
    for field, value in changes.items():
        setattr(account, field, value)
    with transaction.atomic():
        zones = User.objects.select_for_update().values_list("timezone", flat=True)
        zone_before = zones.get(pk=account.pk) if "timezone" in changes else ""
        account.save(update_fields=[*changes, "updated_at"])
        if "timezone" in changes and account.timezone != zone_before:
            tell = partial(time_zone_changed.send_robust, sender=User, account=account)
            transaction.on_commit(tell, robust=True)
    return account


def request_own_email_change(*, account: User, email: str, password: str) -> None:
    """As ``request_email_change``, at its owner's wish, who says the password once more.

    Raises:
        ValidationFailed: names ``password`` or ``email``.
    """
    if not account.check_password(password):
        raise ValidationFailed({"password": [_("This is not your password.")]})
    request_email_change(account=account, email=email)


def request_email_change(*, account: User, email: str) -> None:
    """Write to a new address for its confirmation, and to the present one that this was asked for.

    Until the new address is confirmed nothing changes.

    Raises:
        ValidationFailed: names ``email``.
    """
    email = _clean_email(email)
    if email == account.email:
        raise ValidationFailed({"email": [_("This is your address already.")]})
    if is_email_taken(email, but_for=account):
        raise ValidationFailed({"email": [_("There is an account with this e-mail address already.")]})
    with transaction.atomic():
        EmailAddress.objects.filter(user=account, verified=False).exclude(email=account.email).delete()
        address = EmailAddress.objects.create(user=account, email=email, primary=False, verified=False)
        url = absolute(reverse("account_confirm_email", args=[EmailConfirmationHMAC(address).key]))
        send_mail("email-change-confirm", account, {"confirm_url": url, "new_email": email}, address=email)
        send_mail(
            "email-change-requested",
            account,
            {"new_email": email, "password_url": absolute(reverse("account_change_password"))},
        )
    logger.info("account %s asked for another e-mail address", account.pk)


@transaction.atomic
def confirm_email(*, address: EmailAddress) -> bool:
    """Mark an address as its owner's. A new one takes the present one's place, and a mail to that one says so.

    Returns:
        False when the address belongs to another account meanwhile; nothing is written.
    """
    account = User.objects.select_for_update().get(pk=address.user_id)
    if is_email_taken(address.email, but_for=account):
        return False
    former = account.email
    EmailAddress.objects.filter(user=account).exclude(pk=address.pk).delete()
    EmailAddress.objects.filter(pk=address.pk).update(primary=True, verified=True)
    address.primary = address.verified = True
    if address.email != former:
        account.email = address.email
        account.save(update_fields=["email", "updated_at"])
        send_mail("email-changed", account, {"new_email": address.email}, address=former)
        logger.info("account %s has a new e-mail address", account.pk)
    return True


# --- What staff does -----------------------------------------------------------------------------------------------


@transaction.atomic
def suspend(*, account: User, reason: str, actor: User | None) -> None:
    """Stop an account: signed out everywhere at once, no way in until it is lifted. Its dots are not touched here.

    Raises:
        ValidationFailed: no reason was given.
        Conflict: it is suspended or erased already, is the actor's own, or the last owner's.
    """
    reason = _clean_reason(reason)
    if account.pk == getattr(actor, "pk", None):
        raise Conflict(_("You cannot suspend your own account."))
    refuse_last_owner(account)
    changed = User.objects.living().filter(pk=account.pk, suspended_at=None)
    if not changed.update(suspended_at=timezone.now(), suspension_reason=reason, updated_at=timezone.now()):
        raise Conflict(_("This account is suspended already."))
    sign_out_everywhere(account=account)
    account.refresh_from_db(fields=["suspended_at", "suspension_reason"])
    logger.info("account %s was suspended by account %s", account.pk, getattr(actor, "pk", None))


@transaction.atomic
def lift_suspension(*, account: User, reason: str, actor: User | None) -> None:
    """Let an account in again; its owner signs in anew.

    Raises:
        ValidationFailed: no reason was given.
        Conflict: it is not suspended.
    """
    _clean_reason(reason)
    suspended = User.objects.living().filter(pk=account.pk, suspended_at__isnull=False)
    if not suspended.update(suspended_at=None, suspension_reason="", updated_at=timezone.now()):
        raise Conflict(_("This account is not suspended."))
    account.refresh_from_db(fields=["suspended_at", "suspension_reason"])
    logger.info("the suspension of account %s was lifted by account %s", account.pk, getattr(actor, "pk", None))


def invite(*, email: str, name: str, actor: User | None) -> User:
    """An account for somebody who cannot or did not sign up; a mail lets them set its password.

    Raises:
        ValidationFailed: names ``email`` or ``name``.
        EmailTaken: another account has the address.
    """
    email = _clean_email(email)
    if is_email_taken(email):
        raise EmailTaken
    account = User(email=email, name=_clean_name(name), language=_known_language(None))
    account.set_unusable_password()
    try:
        with transaction.atomic():
            account.save()
            EmailAddress.objects.create(user=account, email=email, primary=True, verified=False)
            ledger.welcome(account=account, amount=settings.WELCOME_TOKENS)
            send_mail("invitation", account, {"password_url": _new_password_url(account)})
    except IntegrityError as error:
        raise EmailTaken from error
    logger.info("account %s was invited by account %s", account.pk, getattr(actor, "pk", None))
    return account


@transaction.atomic
def set_access(*, account: User, role: User.Role, is_staff: bool, actor: User) -> None:
    """Say who runs the installation (``role`` admin: its owners) and who may enter the back office.

    Raises:
        Forbidden: only owners decide this.
        Conflict: it would leave the installation without an owner.
    """
    if not actor.is_superuser:
        raise Forbidden(_("Only owners may decide who runs this installation."))
    is_owner = role == User.Role.ADMIN
    if not is_owner:
        refuse_last_owner(account)
    account.role, account.is_staff, account.is_superuser = role, is_staff or is_owner, is_owner
    account.save(update_fields=["role", "is_staff", "is_superuser", "updated_at"])
    logger.info("account %s is now %s, staff: %s", account.pk, role, account.is_staff)


def set_storage_quota(*, account: User, quota_bytes: int | None) -> None:
    """Say how much an account may keep, in bytes; None gives it what everybody has (``STORAGE_QUOTA_BYTES``)."""
    account.storage_quota_bytes = quota_bytes
    account.save(update_fields=["storage_quota_bytes", "updated_at"])
    logger.info("account %s may keep %s bytes", account.pk, "the usual" if quota_bytes is None else quota_bytes)


@transaction.atomic
def sign_out_everywhere(*, account: User) -> None:
    """End every session and API token of an account, on every device."""
    User.objects.filter(pk=account.pk).update(sign_in_epoch=F("sign_in_epoch") + 1)
    account.refresh_from_db(fields=["sign_in_epoch"])
    account.browser_sessions.all().delete()
    sign_ins.end_all(account=account)


def refuse_last_owner(account: User) -> None:
    """Raise ``Conflict`` where without this account nobody could run the installation."""
    owners = selectors.owners()
    if owners.filter(pk=account.pk).exists() and not owners.exclude(pk=account.pk).exists():
        raise Conflict(_("This is the last owner's account. Make somebody else an owner first."))


# --- Small rules ---------------------------------------------------------------------------------------------------


def _confirm_url(account: User) -> str:
    address, _made = EmailAddress.objects.get_or_create(
        user=account, email=account.email, defaults={"primary": True, "verified": False}
    )
    return absolute(reverse("account_confirm_email", args=[EmailConfirmationHMAC(address).key]))


def _new_password_url(account: User) -> str:
    key = f"{user_pk_to_url_str(account)}-{default_token_generator.make_token(account)}"
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
    return absolute(path.replace("UID-KEY", key))


def _clean_email(email: str) -> str:
    email = normalise_email(email)
    try:
        validate_email(email)
        User._meta.get_field("email").run_validators(email)
    except ValidationError as error:
        raise ValidationFailed({"email": list(error.messages)}) from error
    return email


def _clean_name(name: str) -> str:
    name = " ".join(name.split())
    if len(name) > 120:
        raise ValidationFailed({"name": [_("A name may have at most 120 characters.")]})
    return name


def _clean_reason(reason: str) -> str:
    if not (reason := reason.strip()):
        raise ValidationFailed({"reason": [_("Say why: the reason is kept with the account.")]})
    return reason[:200]


def _known_language(language: str | None) -> str:
    language = language or translation.get_language() or settings.LANGUAGE_CODE
    known = dict(settings.LANGUAGES)
    short = language.split("-")[0]
    return language if language in known else short if short in known else settings.LANGUAGE_CODE
