"""The command line: ``./smartfolio COMMAND``. Wiring only; each command lives in ``commands/``.

Nothing heavy is imported before a command is chosen, so that ``--help`` and a warm ``run`` stay quick.
"""

from __future__ import annotations

import sys

import typer

from smartfolio_app.commands import (
    backups,
    build,
    demo,
    doctor,
    explain,
    export,
    imports,
    run,
    testing,
    tokens,
    users,
    vault,
    verify,
    version,
)
from smartfolio_app.errors import SmartFolioError

app = typer.Typer(
    name="smartfolio",
    help="SmartFolio: one truthful picture of everything a household owns, on your own machine.",
    no_args_is_help=True,
    add_completion=False,
    # A traceback with local variables would print passwords and keys.
    pretty_exceptions_enable=False,
)
app.command("run")(run.run)
app.command("build")(build.build)
app.command("test", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(
    testing.run_tests
)
app.command("demo")(demo.demo)
app.command("doctor")(doctor.doctor)
app.command("backup")(backups.backup)
app.command("restore")(backups.restore)
app.command("export")(export.export)
app.command("import")(imports.import_files)
app.command("verify")(verify.verify)
app.command("version")(version.version)
app.add_typer(explain.app, name="explain")
app.add_typer(users.app, name="user")
app.add_typer(tokens.app, name="token")
app.add_typer(vault.app, name="vault")


def main() -> None:
    """Run the command line; an expected failure is one line on standard error and exit status 1."""
    try:
        app(prog_name="smartfolio")
    except SmartFolioError as error:
        from smartfolio_app.commands.console import sentence

        print(f"smartfolio: {sentence(error)}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
