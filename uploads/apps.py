from django.apps import AppConfig


class UploadsConfig(AppConfig):
    name = "uploads"

    def ready(self) -> None:
        from accounts.signals import account_erased
        from micdots.lib.admin import register_panel
        from uploads import checks as checks  # importing them registers what is in them
        from uploads import health as health
        from uploads import ownership, selectors
        from uploads.panels import patterns_panel
        from uploads.receivers import erase_account, preview_file
        from uploads.signals import file_completed

        register_panel("uploads", 40, patterns_panel, "uploads/admin/_patterns.html", "uploads.view_uploadevent")
        ownership.register("uploads", selectors.owned_objects)
        ownership.register("uploads (to be deleted)", selectors.doomed_objects)
        account_erased.connect(erase_account, dispatch_uid="uploads.erase_account")
        file_completed.connect(preview_file, dispatch_uid="uploads.preview_file")
