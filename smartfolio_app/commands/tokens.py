"""``smartfolio token``: API tokens from the shell, also while the server runs."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

app = typer.Typer(help="API tokens: create, list, revoke.", no_args_is_help=True)

User = Annotated[str, typer.Argument(metavar="NAME", help="The user's name.")]


class Scope(StrEnum):
    read = "read"
    write = "write"


@app.command("create")
def create(
    user: User,
    scope: Annotated[Scope, typer.Option(help="What the token may do.")] = Scope.read,
    label: Annotated[str, typer.Option(help="A name to recognise it by.")] = "shell",
) -> None:
    """Create a token. It is printed last, on a line of its own, and cannot be shown again."""
    from smartfolio_app.commands.console import database
    from smartfolio_app.security import tokens
    from smartfolio_app.services import audit
    from smartfolio_app.services.accounts import find_user

    with database() as db:
        owner = find_user(db, user).id
        info, token = tokens.create(db, owner, name=label, scope=scope.value)
        audit.record(db, owner, "token.create", {"token": label, "scope": info.scope}, "shell")
    print(f"Token {info.id} of {user}, scope {info.scope}. Keep it now; only its hash is stored.")
    print(token)


@app.command("list")
def list_all(user: User) -> None:
    """List a user's tokens by their last characters."""
    from rich.console import Console
    from rich.table import Table

    from smartfolio_app.commands.console import database
    from smartfolio_app.security import tokens
    from smartfolio_app.services.accounts import find_user

    table = Table("Id", "Label", "Scope", "Ends in", "Created", "Last used", box=None, pad_edge=False)
    with database() as db:
        for info in tokens.listed(db, find_user(db, user).id):
            used = f"{info.used_at:%Y-%m-%d}" if info.used_at else "never"
            table.add_row(info.id, info.name, info.scope, info.hint, f"{info.created_at:%Y-%m-%d}", used)
    Console().print(table)


@app.command("revoke")
def revoke(
    user: User, token_id: Annotated[str, typer.Argument(help="The token's id, from `token list`.")]
) -> None:
    """Revoke a token; it stops working at once."""
    from smartfolio_app.commands.console import database
    from smartfolio_app.security import tokens
    from smartfolio_app.services import audit
    from smartfolio_app.services.accounts import find_user

    with database() as db:
        owner = find_user(db, user).id
        tokens.revoke(db, owner, token_id)
        audit.record(db, owner, "token.revoke", {"token": token_id}, "shell")
    print(f"Token {token_id} is revoked.")
