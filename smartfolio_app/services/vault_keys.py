"""Changing the vault's keys, and writing down that it was done. Whoever does it has the server's shell."""

from __future__ import annotations

from smartfolio_app.services import audit
from smartfolio_app.settings import Settings
from smartfolio_app.storage import vault
from smartfolio_app.storage.engine import session_scope
from smartfolio_app.storage.vault import Rotation


def rotate(settings: Settings) -> Rotation:
    """Move every credential to a new key; raises as ``vault.rotate``."""
    done = vault.rotate(settings)
    with session_scope(settings) as db:
        audit.record(db, "", "vault.rotate", {"count": done.rotated, "locked": done.locked})
    return done


def forget_old(settings: Settings) -> int:
    """Remove the older keys and return how many went; raises as ``vault.forget_old_keys``."""
    gone = vault.forget_old_keys(settings)
    with session_scope(settings) as db:
        audit.record(db, "", "vault.forget", {"count": gone})
    return gone
