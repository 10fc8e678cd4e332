"""``smartfolio user``: accounts from the shell, also while the server runs."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(help="Accounts: add, list, disable, enable, change a password.", no_args_is_help=True)

#: Who did it, in the audit log.
SHELL = "shell"

Name = Annotated[str, typer.Argument(help="The user's name.")]


@app.command("add")
def add(
    name: Name,
    admin: Annotated[bool, typer.Option("--admin", help="May manage other accounts.")] = False,
    currency: Annotated[str | None, typer.Option(help="Base currency, such as EUR.")] = None,
    language: Annotated[str | None, typer.Option(help="en or fr.")] = None,
) -> None:
    """Create an account. The password is asked for, or read from standard input."""
    from smartfolio_app.commands.console import database, new_password
    from smartfolio_app.services import accounts

    password = new_password(name)
    with database() as db:
        user = accounts.create_user(
            db, name, password, admin=admin, currency=currency, language=language, by=SHELL
        )
        print(f"{user.name} can sign in now{' and manage accounts' if admin else ''}.")


@app.command("list")
def list_all() -> None:
    """List the accounts."""
    from rich.console import Console
    from rich.table import Table

    from smartfolio_app.commands.console import database
    from smartfolio_app.services import accounts

    table = Table("Name", "Role", "State", "Created", box=None, pad_edge=False)
    with database() as db:
        for user in accounts.list_users(db):
            role = "sample data" if user.is_demo else "admin" if user.is_admin else "user"
            table.add_row(
                user.name, role, "disabled" if user.disabled else "enabled", f"{user.created_at:%Y-%m-%d}"
            )
    Console().print(table)


@app.command("disable")
def disable(name: Name) -> None:
    """Shut an account: its sessions and tokens stop working at once, its data stays."""
    from smartfolio_app.commands.console import database
    from smartfolio_app.services import accounts

    with database() as db:
        accounts.disable(db, name, by=SHELL)
    print(f"{name} is disabled.")


@app.command("enable")
def enable(name: Name) -> None:
    """Open a disabled account again."""
    from smartfolio_app.commands.console import database
    from smartfolio_app.services import accounts

    with database() as db:
        accounts.enable(db, name, by=SHELL)
    print(f"{name} is enabled.")


@app.command("passwd")
def passwd(name: Name) -> None:
    """Set a new password; the user's other devices are signed out."""
    from smartfolio_app.commands.console import database, new_password
    from smartfolio_app.services import accounts

    password = new_password(name)
    with database() as db:
        accounts.set_password(db, name, password, by=SHELL)
    print(f"The password of {name} is changed.")
