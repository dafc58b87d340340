"""What uploads tell the apps above them."""

from __future__ import annotations

from django.dispatch import Signal

# A file is about to go into the bin. Sent with ``file`` inside the transaction; a receiver that needs the file raises
# ``Conflict`` (with a sentence for its owner) and nothing happens.
file_delete_requested = Signal()

# An upload was completed and is a file now. Sent with ``file`` after commit.
file_completed = Signal()
