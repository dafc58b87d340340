"""Who uses MicDots, their tokens, and the mail they were sent."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.base_session import AbstractBaseSession
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.managers import UserManager, normalise_email
from micdots.lib.models import PublicModel


class User(PublicModel, AbstractBaseUser, PermissionsMixin):
    """An account. An erased one stays as an empty row under a random pseudonym, so that the ledger keeps its owner."""

    class Role(models.TextChoices):
        CLIENT = "client", _("Client")
        ADMIN = "admin", _("Administrator")

    # Changed only by one conditional UPDATE in a service, never by saving a row that was read before: a full save of an
    # old copy (a password form does that) would give back spent tokens or lift a suspension.
    GUARDED_FIELDS: ClassVar[frozenset[str]] = frozenset(
        {"token_balance", "suspended_at", "suspension_reason", "erased_at", "sign_in_epoch"}
    )

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=120, blank=True)
    bio = models.CharField(_("short biography"), max_length=500, blank=True)
    role = models.CharField(_("role"), max_length=16, choices=Role, default=Role.CLIENT)
    language = models.CharField(_("language"), max_length=16, default="en")
    timezone = models.CharField(_("time zone"), max_length=64, default="UTC")
    # A voice id (`engine:name`), not a key: voices live in an app above this one and may go.
    default_voice = models.CharField(_("default voice"), max_length=100, blank=True)
    token_balance = models.BigIntegerField(_("token balance"), default=0, editable=False)
    # None: what the installation gives (setting STORAGE_QUOTA_BYTES).
    storage_quota_bytes = models.BigIntegerField(
        _("storage quota in bytes"), null=True, blank=True, validators=[MinValueValidator(0)],
        help_text=_("How much this account may keep. Empty: as much as the installation gives to everybody."),
    )  # fmt: skip
    is_staff = models.BooleanField(_("may enter the back office"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    suspended_at = models.DateTimeField(_("suspended at"), null=True, blank=True, editable=False)
    suspension_reason = models.CharField(_("reason of the suspension"), max_length=200, blank=True, editable=False)
    erased_at = models.DateTimeField(_("erased at"), null=True, blank=True, editable=False)
    # Part of every session's hash and every API token: adding one signs the account out everywhere.
    sign_in_epoch = models.PositiveIntegerField(default=0, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [
            models.CheckConstraint(condition=models.Q(token_balance__gte=0), name="user_token_balance_not_negative"),
            # Whatever wrote the row: two spellings of one address are one account.
            models.UniqueConstraint(Lower("email"), name="user_email_any_case_unique"),
        ]

    def __str__(self) -> str:
        return self.name or f"account {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write the row; of an existing one never the guarded fields (see ``GUARDED_FIELDS``)."""
        self.email = normalise_email(self.email)
        if not self._state.adding and not kwargs.get("force_insert"):
            wanted = kwargs.get("update_fields")
            if wanted is None:
                kwargs["update_fields"] = [
                    field.name
                    for field in self._meta.concrete_fields
                    if not field.primary_key and field.name not in self.GUARDED_FIELDS
                ]
            elif guarded := self.GUARDED_FIELDS.intersection(wanted):
                raise ValueError(f"Only services change {', '.join(sorted(guarded))}.")
        super().save(*args, **kwargs)

    @property
    def is_suspended(self) -> bool:
        return self.suspended_at is not None

    @property
    def is_erased(self) -> bool:
        return self.erased_at is not None

    @property
    def may_sign_in(self) -> bool:
        """Asked on every request, so it needs nothing but the row."""
        return self.is_active and self.suspended_at is None and self.erased_at is None

    def get_session_auth_hash(self) -> str:
        return self._sign_in_hash()

    def get_session_auth_fallback_hash(self) -> Any:
        for secret in settings.SECRET_KEY_FALLBACKS:
            yield self._sign_in_hash(secret)

    def _sign_in_hash(self, secret: str | None = None) -> str:
        """What a session must carry to stay signed in: it changes with the password and with the epoch."""
        return salted_hmac(
            "accounts.User.session", f"{self.password}:{self.sign_in_epoch}", secret=secret, algorithm="sha256"
        ).hexdigest()


class TokenEntry(models.Model):
    """One line of the ledger. Written once; triggers in the database refuse to change or delete it.

    The balance of an account is the sum of its entries, and ``balance_after`` is that sum up to and with the entry.
    """

    class Kind(models.TextChoices):
        WELCOME = "welcome", _("Welcome")
        CHARGE = "charge", _("Charge")
        REFUND = "refund", _("Refund")
        GRANT = "grant", _("Grant")
        WITHDRAWAL = "withdrawal", _("Withdrawal")
        ALLOWANCE = "allowance", _("Allowance")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # PROTECT: accounts are erased by emptying the row, never by deleting it.
    account = models.ForeignKey(User, on_delete=models.PROTECT, related_name="token_entries", verbose_name=_("account"))
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    amount = models.BigIntegerField(_("amount"), help_text=_("Tokens; negative when they are taken."))
    balance_after = models.BigIntegerField(_("balance after"))
    # What it was for: the public id of a generation. None where there is no such thing.
    reference = models.UUIDField(_("reference"), null=True, blank=True)
    # A generation that is tried again is charged again: 1, 2, …; 0 where there is no reference.
    attempt = models.PositiveIntegerField(_("attempt"), default=0)
    note = models.CharField(_("note"), max_length=200, blank=True)
    actor = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by"),
        help_text=_("The member of staff who did it; empty when the program did."),
    )  # fmt: skip
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("token entry")
        verbose_name_plural = _("token ledger")
        ordering = ["-pk"]
        constraints = [
            # An attempt is charged at most once and given back at most once (NULLs are distinct: grants need none).
            models.UniqueConstraint(fields=["reference", "kind", "attempt"], name="token_entry_once_an_attempt"),
            models.UniqueConstraint(
                fields=["account"], condition=models.Q(kind="welcome"), name="token_entry_one_welcome"
            ),
            models.CheckConstraint(condition=models.Q(balance_after__gte=0), name="token_entry_balance_not_negative"),
            models.CheckConstraint(
                condition=models.Q(kind__in=["charge", "withdrawal"], amount__lt=0)
                | (~models.Q(kind__in=["charge", "withdrawal"]) & models.Q(amount__gt=0)),
                name="token_entry_sign_fits_kind",
            ),
        ]
        indexes = [
            # The history of one account, newest first (account page, `me/tokens`), and the chain of `check_ledger`.
            models.Index(fields=["account", "-id"], name="token_entry_of_account"),
            # The same by time, for cursors on `createdAt`.
            models.Index(fields=["account", "-created_at", "-id"], name="token_entry_of_account_time"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount:+d}"


class TokenFamily(models.Model):
    """The refresh tokens that grew out of one sign-in through the API.

    Each use of a refresh token gives the next one. When an old one is used again somebody has a copy: the family ends.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(User, on_delete=models.CASCADE, related_name="token_families")
    created_at = models.DateTimeField(auto_now_add=True)
    # When the youngest token of the family runs out; after that the row may go.
    expires_at = models.DateTimeField(db_index=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("API sign-in")
        verbose_name_plural = _("API sign-ins")

    def __str__(self) -> str:
        return f"API sign-in of account {self.account_id}"


class BrowserSession(AbstractBaseSession):
    """Somebody's session with the pages. The key to the account is what Django's own table lacks."""

    # None while nobody is signed in.
    account = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="browser_sessions")

    class Meta(AbstractBaseSession.Meta):
        db_table = "accounts_browser_session"

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
        # The store imports this module, as Django's own does with its model.
        from accounts.session_store import SessionStore

        return SessionStore


class MailLog(models.Model):
    """One mail: which, to whom, and what became of it. Never its text, which may hold a secret link."""

    class Status(models.TextChoices):
        QUEUED = "queued", _("Queued")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")

    kind = models.CharField(_("kind"), max_length=40)
    account = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="mails", verbose_name=_("account")
    )
    # Emptied when the account is erased.
    address = models.EmailField(_("address"), blank=True)
    language = models.CharField(_("language"), max_length=16)
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    # The name of the last error, not its text: mail servers quote addresses in it.
    error = models.CharField(_("error"), max_length=100, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed at"), auto_now=True)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mail log")
        ordering = ["-pk"]
        indexes = [
            # The sweep for mails that were queued and never picked up.
            models.Index(fields=["status", "created_at"], name="mail_log_status_created"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.status})"
