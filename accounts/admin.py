"""The back office's pages about accounts, their tokens and their mail."""

from __future__ import annotations

from typing import Any, cast

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress, EmailConfirmation
from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from unfold.admin import ModelAdmin
from unfold.decorators import action, display
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminEmailInputWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextInputWidget,
)

from accounts import erasure, ledger, services
from accounts.models import MailLog, TokenEntry, TokenFamily, User
from micdots.lib.admin import BackOfficeAdmin, ReadOnlyAdmin

# One door, with one set of limits (and later second factors): /admin/login/ leads to the page where everybody signs in.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]  # as django-allauth documents

# Other apps' pages: either ours says the same better, or there is nothing in them for people.
for model in (EmailAddress, EmailConfirmation, OutstandingToken, BlacklistedToken, Group):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Kept with the account, for your colleagues."),
    )


class TokensForm(ReasonForm):
    amount = forms.IntegerField(
        label=gettext_lazy("Tokens"), min_value=1, max_value=10**12, widget=UnfoldAdminIntegerFieldWidget
    )
    field_order = ("amount", "reason")


class InvitationForm(forms.Form):
    email = forms.EmailField(label=gettext_lazy("E-mail address"), max_length=254, widget=UnfoldAdminEmailInputWidget)
    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=120, required=False, widget=UnfoldAdminTextInputWidget
    )


@admin.register(User)
class AccountAdmin(BackOfficeAdmin):
    list_display = ("email", "name", "role", "state", "token_balance", "created_at")
    list_filter = ("role", "is_staff", ("suspended_at", admin.EmptyFieldListFilter), "language", "created_at")
    search_fields = ("email", "name")
    ordering = ("-created_at",)
    date_hierarchy = "created_at"
    fieldsets = (
        (None, {"fields": ("email", "name", "bio", "language", "timezone", "default_voice")}),
        (gettext_lazy("Access"), {"fields": ("role", "is_staff", "groups")}),
        (gettext_lazy("Storage"), {"fields": ("storage_quota_bytes",)}),
        (gettext_lazy("State"), {"fields": ("token_balance", "suspended_at", "suspension_reason", "erased_at")}),
        (gettext_lazy("Dates"), {"fields": ("public_id", "created_at", "last_login")}),
    )
    readonly_fields = (
        "email", "bio", "language", "timezone", "default_voice", "token_balance", "suspended_at", "suspension_reason",
        "erased_at", "public_id", "created_at", "last_login",
    )  # fmt: skip
    actions_list = ("invite",)
    actions_detail = (
        {"title": gettext_lazy("Tokens"), "items": ["give_tokens", "take_tokens"]},
        {"title": gettext_lazy("Access"), "items": ["suspend", "lift_suspension", "sign_out_everywhere", "erase"]},
    )

    @display(description=gettext_lazy("state"), label={"suspended": "warning", "erased": "danger", "active": "success"})
    def state(self, account: User) -> tuple[str, str]:
        if account.is_erased:
            return "erased", _("Erased")
        if account.is_suspended:
            return "suspended", _("Suspended")
        return "active", _("Active")

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Boxes to tick: there are few groups, and everybody can use boxes."""
        return super().formfield_for_manytomany(
            db_field, request, **{**kwargs, "widget": UnfoldAdminCheckboxSelectMultipleWidget}
        )

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        only_owners = () if _staff(request).is_superuser else ("role", "is_staff", "groups")
        return (*self.readonly_fields, *only_owners)

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        """Through services, as everywhere; the groups are saved by Django."""
        services.update_profile(account=obj, name=obj.name)
        if "storage_quota_bytes" in form.changed_data:
            services.set_storage_quota(account=obj, quota_bytes=obj.storage_quota_bytes)
        if {"role", "is_staff"}.intersection(form.changed_data):
            services.set_access(account=obj, role=User.Role(obj.role), is_staff=obj.is_staff, actor=_staff(request))

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and self._is_within_reach(request, obj)

    def has_staff_action_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """May this member of staff act on this account? Nobody but owners acts on staff."""
        account = User.objects.filter(pk=object_id).first() if object_id is not None else None
        return self.has_change_permission(request, account)

    def has_owner_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return _staff(request).is_superuser and self.has_staff_action_permission(request, object_id)

    @staticmethod
    def _is_within_reach(request: HttpRequest, account: User | None) -> bool:
        if account is None:
            return True
        return not account.is_erased and (not account.is_staff or _staff(request).is_superuser)

    @action(description=gettext_lazy("Invite somebody"), url_path="invite", permissions=["change"])
    def invite(self, request: HttpRequest) -> HttpResponse:
        return self.act(
            request,
            None,
            title=_("Invite"),
            form_class=InvitationForm,
            do=lambda data: services.invite(email=data["email"], name=data["name"], actor=_staff(request)),
            done=_("The account is made. A mail lets its owner set a password."),
        )

    # --- Actions on one account --------------------------------------------------------------------------------------

    @action(description=gettext_lazy("Give tokens"), url_path="give-tokens", permissions=["staff_action"])
    def give_tokens(self, request: HttpRequest, object_id: str) -> HttpResponse:
        account = _account(object_id)
        return self.act(
            request,
            account,
            title=_("Give tokens"),
            form_class=TokensForm,
            do=lambda data: ledger.grant(
                account=account, amount=data["amount"], note=data["reason"], actor=_staff(request)
            ),
            done=_("The tokens are given."),
            text=_("The balance is %(balance)d.") % {"balance": account.token_balance},
        )

    @action(description=gettext_lazy("Take tokens"), url_path="take-tokens", permissions=["staff_action"])
    def take_tokens(self, request: HttpRequest, object_id: str) -> HttpResponse:
        account = _account(object_id)
        return self.act(
            request,
            account,
            title=_("Take tokens"),
            form_class=TokensForm,
            do=lambda data: ledger.withdraw(
                account=account, amount=data["amount"], note=data["reason"], actor=_staff(request)
            ),
            done=_("The tokens are taken."),
            text=_("The balance is %(balance)d.") % {"balance": account.token_balance},
        )

    @action(description=gettext_lazy("Suspend"), url_path="suspend", permissions=["staff_action"])
    def suspend(self, request: HttpRequest, object_id: str) -> HttpResponse:
        account = _account(object_id)
        return self.act(
            request,
            account,
            title=_("Suspend"),
            form_class=ReasonForm,
            do=lambda data: services.suspend(account=account, reason=data["reason"], actor=_staff(request)),
            done=_("The account is suspended and signed out everywhere."),
        )

    @action(description=gettext_lazy("Lift the suspension"), url_path="lift", permissions=["staff_action"])
    def lift_suspension(self, request: HttpRequest, object_id: str) -> HttpResponse:
        account = _account(object_id)
        return self.act(
            request,
            account,
            title=_("Lift the suspension"),
            form_class=ReasonForm,
            do=lambda data: services.lift_suspension(account=account, reason=data["reason"], actor=_staff(request)),
            done=_("The account may sign in again."),
        )

    @action(description=gettext_lazy("Sign out everywhere"), url_path="sign-out", permissions=["staff_action"])
    def sign_out_everywhere(self, request: HttpRequest, object_id: str) -> HttpResponse:
        account = _account(object_id)
        return self.act(
            request,
            account,
            title=_("Sign out everywhere"),
            form_class=ReasonForm,
            do=lambda data: services.sign_out_everywhere(account=account),
            done=_("All sessions and API tokens of the account are ended."),
        )

    @action(description=gettext_lazy("Erase"), url_path="erase", permissions=["owner"])
    def erase(self, request: HttpRequest, object_id: str) -> HttpResponse:
        account = _account(object_id)
        return self.act(
            request,
            account,
            title=_("Erase"),
            form_class=ReasonForm,
            do=lambda data: erasure.erase(account=account),
            done=_("The account is erased."),
            text=_("This cannot be undone: texts, audio, files, name and e-mail address go at once."),
        )


@admin.register(TokenEntry)
class TokenEntryAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "account", "kind", "amount", "balance_after", "note", "actor")
    list_filter = ("kind", "created_at")
    list_select_related = ("account", "actor")
    search_fields = ("account__email", "note")
    date_hierarchy = "created_at"


@admin.register(MailLog)
class MailLogAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "kind", "address", "account", "status", "attempts", "error", "sent_at")
    list_filter = ("status", "kind", "created_at")
    list_select_related = ("account",)
    search_fields = ("address", "account__email")
    date_hierarchy = "created_at"


@admin.register(TokenFamily)
class TokenFamilyAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "account", "expires_at", "ended_at")
    list_filter = (("ended_at", admin.EmptyFieldListFilter), "created_at")
    list_select_related = ("account",)
    search_fields = ("account__email",)


@admin.register(EmailAddress)
class EmailAddressAdmin(ReadOnlyAdmin):
    list_display = ("email", "user", "primary", "verified")
    list_filter = ("primary", "verified")
    list_select_related = ("user",)
    search_fields = ("email", "user__email")


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    """What groups of staff may do."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        return super().get_queryset(request).prefetch_related("permissions")


def _account(object_id: str) -> User:
    return get_object_or_404(User, pk=object_id)


def _staff(request: HttpRequest) -> User:
    return cast(User, request.user)
