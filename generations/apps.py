from django.apps import AppConfig


class GenerationsConfig(AppConfig):
    name = "generations"

    def ready(self) -> None:
        from accounts.registry import register_voices
        from accounts.signals import account_erased
        from generations import receivers, sources
        from uploads import ownership
        from uploads.services import in_use

        account_erased.connect(receivers.erase_account, dispatch_uid="generations.erase_account")
        register_voices(receivers.VoiceDirectory())
        ownership.register("generations", receivers.owned_objects)
        in_use.register("generations", sources.files_in_use)
