from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "micdots.api"
    label = "api"

    def ready(self) -> None:
        from micdots.api import checks, converters, cors, schema  # noqa: F401 - they register themselves
