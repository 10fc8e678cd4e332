"""The second opinion on the Gains page: ask for it, watch it, leave it, read it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import reflex as rx

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.i18n import error_text
from smartfolio_app.ledger.lots import Policy
from smartfolio_app.security.identity import Viewer
from smartfolio_app.services.jobs import Job, jobs
from smartfolio_app.services.second_opinion import engine, sentences, work
from smartfolio_app.services.second_opinion.work import Opinion
from smartfolio_app.state.gains import GainsState
from smartfolio_app.state.guard import signed_in
from smartfolio_app.state.seat import PageState, Seat

#: Seconds between two looks at how far it is.
LOOK_EVERY = 0.5
METHODS = tuple(method.value for method in engine.METHODS)


class SecondOpinionState(PageState, rx.State):
    """How the second opinion asked for last stands. ``stage``: empty, working, done, failed."""

    stage: str = ""
    method: str = ""
    doing: str = ""
    percent: int = -1
    problem: str = ""

    equal: bool = False
    nothing: bool = False
    verdict: str = ""
    first: str = ""
    first_address: str = ""
    asked: str = ""
    compared: list[str] = []
    left_out: list[str] = []

    _watch: int = 0

    @rx.event
    @signed_in
    async def choose(self, viewer: Viewer, method: str) -> None:
        """Choose by which method both engines compute; empty: the user's own."""
        if method in {"", *METHODS}:
            self.method = method

    @rx.event
    @signed_in
    async def ask(self, viewer: Viewer, year: str) -> AsyncIterator[Any]:
        """Begin, over one year or (empty) all of them."""
        seat = await self._seat(viewer)
        years = {one.value for one in (await self.get_state(GainsState)).years}
        wanted = work.Wanted(self._method(seat), int(year) if year in years else None)
        self.problem = ""
        try:
            work.start(seat.view, wanted)
        except SmartFolioError as error:
            self.stage, self.problem = "failed", error_text(seat.figures.language, error)
            return
        self._fill(seat)
        yield SecondOpinionState.watch

    @rx.event
    @signed_in
    async def stop(self, viewer: Viewer) -> None:
        """Stop what is under way."""
        seat = await self._seat(viewer)
        job = work.latest(viewer.user_id)
        if job is not None and not job.finished:
            await asyncio.to_thread(jobs.cancel, viewer.user_id, job.id)
        self._fill(seat)

    @rx.event(background=True)
    @signed_in
    async def watch(self, viewer: Viewer) -> AsyncIterator[Any]:
        """Show how far it is until it is over; a page that comes back looks at the same work."""
        async with self:
            self._watch += 1
            mine = self._watch
        busy = True
        while busy:
            async with self:
                if self._watch != mine:
                    return
                busy = self._fill(await self._seat(viewer))
            yield
            if busy:
                await asyncio.sleep(LOOK_EVERY)

    def _method(self, seat: Seat) -> str:
        """Return the method to ask by: the user's own wherever rp2 knows it, else its first."""
        own = engine.methods_of(Policy.parse(seat.view.method))
        return self.method or ("" if own <= set(engine.METHODS) else METHODS[0])

    def _fill(self, seat: Seat) -> bool:
        """Show the job that was begun last; tell whether it is under way."""
        self.method = self._method(seat)
        job = work.latest(seat.viewer.user_id)
        if job is None or job.state == "cancelled":
            self.stage = ""
            return False
        if job.state == "failed" and job.error is not None:
            self.stage, self.problem = "failed", error_text(seat.figures.language, job.error)
            return False
        if job.state == "done":
            self._read(job.result, seat)
            return False
        self.stage, self.problem = "working", ""
        self.doing, self.percent = _doing(job, seat), 100 * job.done // job.total if job.total else -1
        return True

    def _read(self, found: Opinion, seat: Seat) -> None:
        figures = seat.figures
        self.stage, self.problem, self.equal = "done", "", found.equal
        self.nothing = not (found.total.matches or found.total.incomes)
        self.verdict = sentences.verdict(found, figures)
        self.first = sentences.difference(found, figures)
        self.first_address = _address(found, seat)
        self.asked = figures.say(
            "verify.asked",
            when=figures.ago(found.at),
            what=figures.say("verify.everything") if found.year is None else str(found.year),
            seconds=figures.count(max(1, round(found.seconds))),
        )
        self.compared = sentences.compared(found, figures)
        self.left_out = sentences.left_out(found, figures)


def _address(found: Opinion, seat: Seat) -> str:
    """Return where the transaction of the first difference is listed."""
    first = found.first
    if first is None or first.disposed is None:
        return ""
    day = first.disposed.astimezone(ZoneInfo(seat.view.time_zone)).date().isoformat()
    return "/transactions?" + urlencode({"asset": first.asset, "first": day, "last": day})


def _doing(job: Job, seat: Seat) -> str:
    if job.state == "queued":
        return seat.figures.say("verify.waiting")
    if job.phase in work.PHASES:
        count = seat.figures.count
        return seat.figures.say(f"verify.phase_{job.phase}", done=count(job.done), total=count(job.total))
    return seat.figures.say("verify.working")
