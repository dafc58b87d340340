"""The pictures of a dot's code: drawn once, read back, stored."""

from __future__ import annotations

from django.utils import timezone

from generations import qr
from generations.models import Dot
from micdots.lib.errors import Gone
from uploads.services import delete_objects_later
from uploads.storage import new_key, store


def draw_qr(dot: Dot, *, again: bool = False) -> Dot:
    """Draw the dot's code, read it back and store the pictures; once, unless asked again.

    The keys are on the row before the objects are in the storage, so a second run overwrites and orphans nothing.
    Network work: call it outside a transaction.

    Raises:
        QrUnreadable: our own reader could not read it; nothing was stored.
        StorageError: the storage did not take it.
        Gone: the dot was purged in the meantime; nothing is left in the storage.
    """
    if dot.qr_drawn_at and not again:
        return dot
    if not dot.qr_png_key:
        keys = {"qr_png_key": new_key("qr-codes", "png"), "qr_svg_key": new_key("qr-codes", "svg")}
        Dot.objects.filter(pk=dot.pk, qr_png_key="", purged_at=None).update(**keys)
        dot.refresh_from_db(fields=["qr_png_key", "qr_svg_key"])  # of two that draw at once, both use the first's keys
    if not dot.qr_png_key:
        raise Gone("deleted")
    pictures = qr.draw(dot.print_url)
    store().put(dot.qr_png_key, pictures.png, "image/png")
    store().put(dot.qr_svg_key, pictures.svg, "image/svg+xml")
    now = timezone.now()
    ours = Dot.objects.filter(pk=dot.pk, qr_png_key=dot.qr_png_key)
    if not ours.update(qr_url=dot.print_url, qr_drawn_at=now, updated_at=now):
        # Purged while we drew: no row names these pictures any more.
        delete_objects_later([dot.qr_png_key, dot.qr_svg_key])
        raise Gone("deleted")
    dot.qr_url, dot.qr_drawn_at, dot.updated_at = dot.print_url, now, now
    return dot
