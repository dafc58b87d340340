"""What every page of the client area does around its own work: the same for dots as for files and accounts."""

from accounts.pages import account, client_page

__all__ = ["account", "client_page"]
