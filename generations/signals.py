"""What generations tells to the apps above it. Sent after the commit, so a receiver sees the row as it is."""

from functools import partial
from typing import Any

from django.db import transaction
from django.dispatch import Signal

# sender=Generation, generation=the ready row
generation_ready = Signal()
# sender=Generation, generation=the failed row (tokens are back)
generation_failed = Signal()
# sender=Dot, dot=the dot: anything that its play page shows has changed
dot_changed = Signal()


def tell(signal: Signal, *, sender: type, **what: Any) -> None:
    """Send when the transaction has committed; a receiver that fails is in the log and stops nobody."""
    transaction.on_commit(partial(signal.send_robust, sender=sender, **what), robust=True)
