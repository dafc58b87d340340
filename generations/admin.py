"""The back office's pages about dots, generations and voices."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextInputWidget

from generations import services
from generations.models import Dot, DotSlug, DotTag, Generation, Rendition, Voice
from micdots.lib.admin import BackOfficeAdmin, ReadOnlyAdmin


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Kept in this row's history, for your colleagues."),
    )


class StaffActions(ReadOnlyAdmin):
    """Rows that staff do not edit but may act on, through services: whoever may change them."""

    def has_staff_action_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")


@admin.register(Dot)
class DotAdmin(StaffActions):
    list_display = ("code", "title", "owner", "state", "scans_count", "plays_count", "created_at")
    list_filter = (
        "is_active",
        ("blocked_at", admin.EmptyFieldListFilter),
        ("deleted_at", admin.EmptyFieldListFilter),
        ("purged_at", admin.EmptyFieldListFilter),
        "created_at",
    )
    list_select_related = ("owner",)
    search_fields = ("=code", "title", "slug", "owner__email")
    date_hierarchy = "created_at"
    # The password stays out, hashed though it is.
    fieldsets = (
        (None, {"fields": ("code", "slug", "title", "description", "owner", "public_id")}),
        (
            gettext_lazy("Playing"),
            {"fields": ("is_active", "autoplay", "starts_at", "expires_at", "max_plays", "default_language")},
        ),
        (gettext_lazy("Link"), {"fields": ("link_label", "link_url")}),
        (gettext_lazy("Figures"), {"fields": ("scans_count", "plays_count")}),
        (gettext_lazy("Code"), {"fields": ("qr_url", "qr_drawn_at", "qr_png_key", "qr_svg_key")}),
        (
            gettext_lazy("State"),
            {"fields": ("created_at", "updated_at", "blocked_at", "deleted_at", "purged_at")},
        ),
    )
    actions_detail = ("draw_again", "put_into_bin", "take_out_of_bin")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Dot]:
        return super().get_queryset(request).defer("search_text").prefetch_related("renditions")

    @display(
        description=gettext_lazy("state"),
        label={"live": "success", "blocked": "danger", "deleted": "danger", "paused": "warning", "expired": "warning"},
    )
    def state(self, dot: Dot) -> tuple[str, Any]:
        status = Dot.Status(dot.status)
        return status.value, status.label

    @action(description=gettext_lazy("Draw the code again"), url_path="draw", permissions=["staff_action"])
    def draw_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        dot = get_object_or_404(Dot, pk=object_id)
        return self.act(
            request,
            dot,
            title=_("Draw the code again"),
            form_class=ReasonForm,
            do=lambda data: services.draw_qr(dot, again=True),
            done=_("The code is drawn again."),
            text=_(
                "For when SITE_URL has changed: the pictures then name the new address. Printed codes stay as they are."
            ),
        )

    @action(description=gettext_lazy("Put into the bin"), url_path="bin", permissions=["staff_action"])
    def put_into_bin(self, request: HttpRequest, object_id: str) -> HttpResponse:
        dot = get_object_or_404(Dot, pk=object_id)
        return self.act(
            request,
            dot,
            title=_("Put into the bin"),
            form_class=ReasonForm,
            do=lambda data: services.delete_dot(dot=dot),
            done=_("The dot is in the bin. Its code no longer plays."),
        )

    @action(description=gettext_lazy("Take out of the bin"), url_path="restore", permissions=["staff_action"])
    def take_out_of_bin(self, request: HttpRequest, object_id: str) -> HttpResponse:
        dot = get_object_or_404(Dot, pk=object_id)
        return self.act(
            request,
            dot,
            title=_("Take out of the bin"),
            form_class=ReasonForm,
            do=lambda data: services.restore_dot(dot=dot),
            done=_("The dot is back, under the same code."),
        )


@admin.register(Generation)
class GenerationAdmin(StaffActions):
    list_display = ("created_at", "title", "owner", "voice", "state", "progress", "characters", "tokens", "error_code")
    list_filter = ("status", "awaiting", "source", "error_code", "voice__engine", "created_at")
    list_select_related = ("owner", "voice")
    search_fields = ("title", "=dot__code", "owner__email")
    date_hierarchy = "created_at"
    fieldsets = (
        (None, {"fields": ("title", "owner", "dot", "public_id", "source", "upload", "text")}),
        (gettext_lazy("Voice"), {"fields": ("voice", "language", "speed", "pitch", "settings", "is_synthetic")}),
        (gettext_lazy("Price"), {"fields": ("characters", "tokens", "is_refunded", "attempt")}),
        (
            gettext_lazy("State"),
            {
                "fields": (
                    "status", "awaiting", "due_at", "progress", "error_code", "failures", "losses", "not_before",
                    "lease_until", "created_at", "started_at", "finished_at",
                )
            },
        ),
        (
            gettext_lazy("Audio"),
            {"fields": ("audio_key", "audio_bytes", "duration_ms", "captions_edited_at")},
        ),
    )  # fmt: skip
    actions_detail = ("cancel", "try_again")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Generation]:
        return Generation.objects.without_bulk()

    @display(
        description=gettext_lazy("state"),
        label={"ready": "success", "failed": "danger", "cancelled": "warning", "queued": "info", "processing": "info"},
    )
    def state(self, generation: Generation) -> tuple[str, Any]:
        status = Generation.Status(generation.status)
        return status.value, status.label

    @action(description=gettext_lazy("Cancel"), url_path="cancel", permissions=["staff_action"])
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        generation = self._row(object_id)
        return self.act(
            request,
            generation,
            title=_("Cancel"),
            form_class=ReasonForm,
            do=lambda data: services.cancel_generation(generation=generation),
            done=_("Cancelled. Its owner has the tokens back."),
        )

    @action(description=gettext_lazy("Try again"), url_path="retry", permissions=["staff_action"])
    def try_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        generation = self._row(object_id)
        return self.act(
            request,
            generation,
            title=_("Try again"),
            form_class=ReasonForm,
            do=lambda data: services.retry_generation(generation=generation),
            done=_("It is queued again."),
            text=_("Its owner is charged again, and gets the tokens back if it fails."),
        )

    @staticmethod
    def _row(object_id: str) -> Generation:
        return get_object_or_404(Generation.objects.select_related("owner", "voice", "dot"), pk=object_id)


@admin.register(Voice)
class VoiceAdmin(BackOfficeAdmin):
    """Price and limit are the staff's to set; the rest comes from the engine with every sync."""

    list_display = ("label", "key", "language", "gender", "kind", "is_available", "tokens_per_character", "has_preview")
    list_filter = ("engine", "kind", "gender", "is_available", ("preview_recorded_at", admin.EmptyFieldListFilter))
    search_fields = ("label", "key", "language")
    fields = (
        "label", "key", "engine", "name", "language", "gender", "kind", "is_available", "tokens_per_character",
        "max_characters", "turnaround_seconds", "gain_db", "preview_key", "preview_bytes", "preview_recorded_at",
    )  # fmt: skip
    actions_list = ("sync",)

    def get_readonly_fields(self, request: HttpRequest, obj: Voice | None = None) -> list[str]:
        return [name for name in self.fields if name not in ("tokens_per_character", "max_characters")]

    @display(description=gettext_lazy("sample"), boolean=True)
    def has_preview(self, voice: Voice) -> bool:
        return voice.preview_recorded_at is not None

    def save_model(self, request: HttpRequest, obj: Voice, form: ModelForm, change: bool) -> None:
        services.set_voice_terms(
            voice=obj, tokens_per_character=obj.tokens_per_character, max_characters=obj.max_characters
        )

    @action(description=gettext_lazy("Sync with the engines"), url_path="sync", permissions=["change"])
    def sync(self, request: HttpRequest) -> HttpResponse:
        synced = services.sync_voices()
        messages.success(
            request,
            _("%(added)d new voices, %(updated)d changed, %(withdrawn)d withdrawn.")
            % {"added": synced.added, "updated": synced.updated, "withdrawn": synced.withdrawn},
        )
        return HttpResponseRedirect(self.page_of(None))


@admin.register(Rendition)
class RenditionAdmin(ReadOnlyAdmin):
    list_display = ("dot", "language", "generation", "updated_at")
    list_filter = ("language",)
    list_select_related = ("dot", "generation")
    search_fields = ("=dot__code", "dot__title")


@admin.register(DotSlug)
class DotSlugAdmin(ReadOnlyAdmin):
    list_display = ("slug", "dot", "created_at")
    list_select_related = ("dot",)
    list_filter = ("created_at",)
    search_fields = ("slug", "=dot__code")


@admin.register(DotTag)
class DotTagAdmin(ReadOnlyAdmin):
    list_display = ("name", "dot")
    list_select_related = ("dot",)
    list_filter = (("dot__deleted_at", admin.EmptyFieldListFilter),)
    search_fields = ("name", "=dot__code")
