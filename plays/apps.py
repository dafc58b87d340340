from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PlaysConfig(AppConfig):
    name = "plays"
    verbose_name = _("Listening")

    def ready(self) -> None:
        from accounts.signals import account_erased, account_export, time_zone_changed
        from plays import checks as checks  # importing them registers what is in them
        from plays import receivers

        account_erased.connect(receivers.erase_account, dispatch_uid="plays.erase_account")
        account_export.connect(receivers.export_account, dispatch_uid="plays.export_account")
        time_zone_changed.connect(receivers.cut_days_anew, dispatch_uid="plays.cut_days_anew")
