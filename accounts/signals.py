"""What accounts tell the apps above them. Each app answers for its own data."""

from __future__ import annotations

from django.dispatch import Signal

# An account is being erased. Sent with ``account`` (still under its name) inside the transaction that erases it.
# Receivers delete or empty their own rows in it, and stored objects with ``transaction.on_commit``; whatever they raise
# stops the erasure.
account_erased = Signal()

# Everything held on an account is wanted. Sent with ``account``; each receiver returns ``{"section": data}``, with data
# that JSON can hold.
account_export = Signal()

# An account has chosen another time zone. Sent with ``account``, after the commit.
time_zone_changed = Signal()
