from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "dashboard"

    def ready(self) -> None:
        from dashboard.backoffice import listening_panel, making_panel
        from micdots.lib.admin import register_panel

        register_panel("listening", 10, listening_panel, "admin/analytics/_listening_panel.html")
        register_panel("making", 20, making_panel, "admin/analytics/_making_panel.html")
