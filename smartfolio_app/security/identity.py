"""Who is asking."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from smartfolio_app.errors import NotAllowedError

AccessScope = Literal["read", "write"]
SignInKind = Literal["session", "token", "proxy"]


@dataclass(frozen=True, slots=True)
class Viewer:
    """A recognised, enabled user, as seen by one request or one event; never kept longer than that.

    ``credential`` names what they were recognised by (the session's public id or the API token's id), so that lists
    can mark "this device"; it opens nothing.
    """

    user_id: str
    name: str
    is_admin: bool = False
    scope: AccessScope = "write"
    via: SignInKind = "session"
    is_demo: bool = False
    credential: str = field(default="", repr=False)

    def require_write(self) -> None:
        """Raise ``NotAllowedError`` when this viewer may only read."""
        if self.scope != "write":
            raise NotAllowedError("auth.read_only_token")

    def require_admin(self) -> None:
        """Raise ``NotAllowedError`` when this viewer does not administer the server."""
        if not self.is_admin:
            raise NotAllowedError("auth.admin_only")
