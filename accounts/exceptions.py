"""What accounts refuse."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from micdots.lib.errors import Conflict


class AlreadyCharged(Conflict):
    """This attempt was paid for before; nothing was taken a second time."""

    default_message = _("This was charged before.")


class EmailTaken(Conflict):
    """Another account has this address."""

    default_message = _("There is an account with this e-mail address already. Sign in, or reset its password.")
