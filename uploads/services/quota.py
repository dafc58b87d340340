"""How much an account may keep."""

from __future__ import annotations

from accounts.models import User
from uploads.exceptions import QuotaExceeded
from uploads.selectors import storage_usage


def refuse_above_quota(account: User, more_bytes: int) -> None:
    """See to it that ``more_bytes`` still fit.

    Where it has to hold against others at the same time, the caller has locked the account's row.

    Raises:
        QuotaExceeded: they do not.
    """
    usage = storage_usage(account)
    if usage.used + more_bytes > usage.limit:
        raise QuotaExceeded(limit=usage.limit, used=usage.used)
