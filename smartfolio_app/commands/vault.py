"""``smartfolio vault``: the keys under which credentials are kept, also while the server runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from smartfolio_app.settings import Settings

app = typer.Typer(help="The vault's keys: state, rotate, forget old ones.", no_args_is_help=True)


@app.command("status")
def status() -> None:
    """Say whether every credential can be read, and how many keys are in force."""
    from smartfolio_app.i18n import translate
    from smartfolio_app.storage import vault

    settings = _migrated()
    print(translate("en", f"health.vault.{vault.check(settings)}.what"))
    print(f"Keys in force: {len(vault.keys_in_force(settings))}")


@app.command("rotate")
def rotate() -> None:
    """Make a new key and re-encrypt every credential with it. After a kill, run it again: it goes on where it was."""
    from smartfolio_app.services import vault_keys

    done = vault_keys.rotate(_migrated())
    print(f"Re-encrypted: {done.rotated}. Already under the newest key: {done.current}.")
    if done.locked:
        print(f"Left as they are, because no key in force opens them: {done.locked}.")
        raise typer.Exit(1)
    print("Older keys stay in force for backups of their time; `smartfolio vault forget` removes them.")


@app.command("forget")
def forget() -> None:
    """Remove the older keys from the key file. Backups made under them can no longer be opened."""
    from smartfolio_app.services import vault_keys

    print(f"Forgotten: {vault_keys.forget_old(_migrated())}.")


def _migrated() -> Settings:
    from smartfolio_app.settings import get_settings
    from smartfolio_app.storage import engine
    from smartfolio_app.storage.migrate import upgrade

    settings = get_settings()
    engine.configure(settings)
    upgrade(settings)
    return settings
