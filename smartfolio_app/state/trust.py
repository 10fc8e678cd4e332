"""The Trust page: whether everything is in order, and the backups. For administrators alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import reflex as rx
from starlette.concurrency import run_in_threadpool

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.i18n import error_text
from smartfolio_app.security.identity import Viewer
from smartfolio_app.security.recognise import close_ended_sockets
from smartfolio_app.services import audit, backups, health, trust
from smartfolio_app.services.health import Finding
from smartfolio_app.services.jobs import off_loop
from smartfolio_app.state.base import AppState
from smartfolio_app.state.figures import Figures
from smartfolio_app.state.guard import SIGN_IN_PAGE, admin_only, current_viewer
from smartfolio_app.state.notices import say, say_gone
from smartfolio_app.state.seat import PageState, Seat, shows
from smartfolio_app.state.trust_rows import (
    AreaRow,
    BackupRow,
    FindingRow,
    areas,
    backup_row,
    finding_row,
    problems,
)
from smartfolio_app.storage.engine import current_settings, session_scope


@shows("/trust")
class TrustState(PageState, rx.State):
    """The findings, those set aside, and the backups."""

    allowed: bool = True
    loaded: bool = False
    tone: str = ""
    verdict: str = ""
    checked: str = ""
    problems: list[FindingRow] = []
    areas: list[AreaRow] = []
    aside: list[FindingRow] = []

    backups: list[BackupRow] = []
    drill: str = ""
    making: bool = False

    chosen: BackupRow = BackupRow()
    restoring: bool = False
    restore_problem: str = ""

    @rx.event
    @admin_only
    async def look_again(self, viewer: Viewer) -> AsyncIterator[None]:
        """Run every check again."""
        self.loaded = False
        yield
        await self._later(await self._seat(viewer))

    @rx.event
    @admin_only
    async def dismiss(self, viewer: Viewer, key: str) -> None:
        """Set a warning aside."""
        seat = await self._seat(viewer)
        await self._done(seat, health.dismiss, key, viewer.name)
        await self._later(seat)

    @rx.event
    @admin_only
    async def take_back(self, viewer: Viewer, key: str) -> None:
        """Be reminded of a warning again."""
        seat = await self._seat(viewer)
        await self._done(seat, health.take_back, key)
        await self._later(seat)

    @rx.event
    @admin_only
    async def make_backup(self, viewer: Viewer) -> AsyncIterator[None]:
        """Make a backup now, and prove it."""
        self.making = True
        yield
        seat = await self._seat(viewer)
        try:
            await run_in_threadpool(_make, viewer)
            await say(self, seat.figures.say("trust.backup_made"))
        except SmartFolioError as error:
            await self._refused(seat, error)
        finally:
            self.making = False
        await self._later(seat)

    @rx.event
    @admin_only
    async def uploaded(self, viewer: Viewer) -> None:
        """A backup was brought here: show it with the others."""
        seat = await self._seat(viewer)
        await say(self, seat.figures.say("trust.backup_uploaded"))
        await self._later(seat)

    @rx.event
    @admin_only
    async def upload_failed(self, viewer: Viewer, reason: str) -> None:
        """Say why a backup was not taken; ``reason`` is the server's own sentence, as the browser got it."""
        seat = await self._seat(viewer)
        await say(self, reason.strip()[:300] or seat.figures.say("trust.backup_not_sent"), "bad")

    @rx.event
    @admin_only
    async def ask_restore(self, name: str) -> None:
        """Ask before everything is replaced."""
        self.restore_problem = ""
        self.chosen = next((one for one in self.backups if one.name == name), BackupRow())
        if not self.chosen.name:
            await say_gone(self)

    @rx.event
    @admin_only
    def keep_all(self) -> None:
        """Replace nothing."""
        self.chosen = BackupRow()

    @rx.event
    @admin_only
    async def restore(self, viewer: Viewer, form: dict[str, Any]) -> AsyncIterator[Any]:
        """Put the chosen backup in the place of everything, and show what is there then."""
        seat, name = await self._seat(viewer), self.chosen.name
        self.restoring, self.restore_problem = True, ""
        yield
        try:
            await run_in_threadpool(_restore, viewer, name, str(form.get("passphrase", "")))
        except SmartFolioError as error:
            self.restore_problem = error_text(seat.figures.language, error)
            return
        finally:
            self.restoring = False
        self.chosen = BackupRow()
        if await current_viewer(self) is None:  # who asked is not in the backup
            yield rx.redirect(SIGN_IN_PAGE)
            return
        await say(self, seat.figures.say("trust.restored"))
        app = await self.get_state(AppState)
        await app._read_settings(viewer)
        async for _ in app._show(viewer):
            yield

    async def _show(self, seat: Seat) -> None:
        self.allowed = seat.viewer.is_admin
        if not self.allowed:
            self.loaded = False
            self.problems, self.areas, self.aside, self.backups = [], [], [], []

    async def _later(self, seat: Seat) -> None:
        if not seat.viewer.is_admin:
            return
        figures = seat.figures
        self._tell(await off_loop(trust.look), figures)
        settings = current_settings()
        kept = await run_in_threadpool(backups.kept, settings)
        self.backups = [backup_row(one, figures) for one in kept]
        last = await run_in_threadpool(backups.last_drill, settings)
        self.drill = ""
        if last is not None and not last.error:
            counts = {"users": figures.count(last.users), "rows": figures.count(last.rows)}
            self.drill = figures.say("trust.drill_passed", age=figures.ago(last.at), **counts)
        elif last is not None:
            self.drill = figures.say("trust.drill_failed", age=figures.ago(last.at))
        self.checked = figures.say("trust.checked", time=figures.clock_or_day(figures.moment_now()))
        self.loaded = True

    def _tell(self, findings: list[Finding], figures: Figures) -> None:
        self.problems = problems(findings, figures)
        self.areas = areas(findings, figures)
        self.aside = [finding_row(one, figures) for one in findings if one.dismissed]
        errors = sum(one.tone == "bad" for one in self.problems)
        if errors:
            self.tone, self.verdict = "bad", figures.say("trust.verdict_errors", count=errors)
        elif self.problems:
            self.tone, self.verdict = (
                "notable",
                figures.say("trust.verdict_warnings", count=len(self.problems)),
            )
        else:
            self.tone, self.verdict = "good", figures.say("trust.verdict_good", count=len(findings))


def _make(viewer: Viewer) -> None:
    file = backups.make_and_prove(current_settings())
    with session_scope() as db:
        audit.record(db, viewer.user_id, "backup.make", {"file": file.name}, audit.address_of(db, viewer))


def _restore(viewer: Viewer, name: str, passphrase: str) -> None:
    settings = current_settings()
    backups.restore(
        settings,
        backups.file_of(settings, name),
        passphrase=passphrase,
        by=viewer.user_id,
        keep_session=viewer.credential,
    )
    close_ended_sockets()
