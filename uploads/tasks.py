"""Celery entry points."""

from celery import shared_task

from uploads import previews, services


@shared_task
def delete_doomed_objects() -> None:
    services.delete_doomed_objects()


@shared_task
def remove_unfinished_objects() -> None:
    services.remove_unfinished_objects()


@shared_task
def sweep_uploads() -> None:
    services.sweep_uploads()


@shared_task
def flag_unusual_uploads() -> None:
    services.flag_unusual_uploads()


@shared_task
def make_preview(file_id: int) -> None:
    previews.make_preview(file_id)


@shared_task
def make_missing_previews() -> None:
    previews.ring_for_missing()
