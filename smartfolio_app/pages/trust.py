"""Trust: is everything in order, and if not, what to do. For administrators."""

from __future__ import annotations

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.controls import button, chip
from smartfolio_app.components.dialogs import dialog
from smartfolio_app.components.download import download_icon
from smartfolio_app.components.forms import field, form_error, text_input
from smartfolio_app.components.icons import icon
from smartfolio_app.components.notices import empty_state
from smartfolio_app.components.send_file import send_file
from smartfolio_app.components.shell import page
from smartfolio_app.components.tables import Column, cell, data_table, number_cell
from smartfolio_app.i18n import t
from smartfolio_app.state.trust import TrustState as S


def trust() -> rx.Component:
    """Return the Trust page."""
    return page(
        "nav.trust",
        rx.cond(
            S.allowed,
            rx.el.div(_verdict(), _problems(), _backups(), _areas(), _aside(), class_name="trust"),
            empty_state("trust.not_allowed_title", "trust.not_allowed_text", symbol="shield"),
        ),
        _restore(),
        actions=[
            button(
                "trust.look_again",
                symbol="refresh-cw",
                kind="ghost",
                on_click=S.look_again,
                disabled=~S.loaded,
            )
        ],
        lead="trust.lead",
    )


def _verdict() -> rx.Component:
    return rx.el.section(
        rx.cond(
            S.loaded,
            rx.fragment(
                _mark(S.tone),
                rx.el.div(
                    rx.el.h2(S.verdict),
                    rx.el.p(S.checked, class_name="quiet"),
                ),
            ),
            rx.el.div(class_name="skeleton trust-waiting"),
        ),
        class_name="verdict",
        custom_attrs={"aria-live": "polite"},
    )


def _mark(tone: Var) -> rx.Component:
    symbol = rx.match(
        tone,
        ("bad", icon("circle-alert")),
        ("notable", icon("triangle-alert")),
        ("good", icon("check")),
        icon("info"),
    )
    name = rx.match(tone, ("bad", "mark bad"), ("notable", "mark notable"), ("good", "mark good"), "mark")
    return rx.el.span(symbol, class_name=name, custom_attrs={"aria-hidden": "true"})


def _problems() -> rx.Component:
    return rx.cond(
        S.problems.length() > 0,
        rx.el.ul(rx.foreach(S.problems, _problem), class_name="problems"),
    )


def _problem(one: Var) -> rx.Component:
    return rx.el.li(
        _mark(one.tone),
        rx.el.div(
            rx.el.h3(one.what),
            rx.cond(one.why, rx.el.p(one.why, class_name="quiet")),
            rx.cond(one.mend, rx.el.p(one.mend)),
            _facts(one),
            class_name="grow stack",
        ),
        rx.cond(
            one.can_be_dismissed,
            button("trust.dismiss", small=True, kind="ghost", on_click=S.dismiss(one.key)),
        ),
        class_name="card",
        key=one.key,
    )


def _facts(one: Var) -> rx.Component:
    return rx.cond(
        one.facts.to(list).length() > 0,
        rx.el.details(
            rx.el.summary(t("trust.details")),
            rx.el.dl(
                rx.foreach(
                    one.facts,
                    lambda fact: rx.fragment(rx.el.dt(fact.name), rx.el.dd(fact.value, class_name="num")),
                ),
                class_name="trust-facts",
            ),
        ),
    )


def _areas() -> rx.Component:
    return rx.el.div(
        rx.cond(
            S.areas.length() > 0,
            rx.foreach(
                S.areas,
                lambda area: rx.el.section(
                    rx.el.h2(area.title),
                    rx.el.ul(rx.foreach(area.findings, _told), class_name="list told"),
                    class_name="block",
                    key=area.title,
                ),
            ),
            rx.cond(S.loaded, rx.fragment(), _waiting()),
        ),
        class_name="trust-areas",
    )


def _waiting() -> rx.Component:
    return rx.fragment(*[rx.el.div(class_name="skeleton trust-area-waiting") for _ in range(4)])


def _told(one: Var) -> rx.Component:
    return rx.el.li(
        _mark(one.tone), rx.el.div(rx.el.p(one.what), _facts(one), class_name="grow"), key=one.key
    )


def _aside() -> rx.Component:
    return rx.cond(
        S.aside.length() > 0,
        rx.el.section(
            rx.el.h2(t("trust.aside")),
            rx.el.ul(
                rx.foreach(
                    S.aside,
                    lambda one: rx.el.li(
                        rx.el.span(one.what, class_name="grow quiet"),
                        button("trust.take_back", small=True, kind="ghost", on_click=S.take_back(one.key)),
                        key=one.key,
                    ),
                ),
                class_name="list",
            ),
            class_name="block",
        ),
    )


# --------------------------------------------------------------------------------------------------------- backups
def _backups() -> rx.Component:
    return rx.el.section(
        rx.el.header(
            rx.el.div(
                rx.el.h2(t("trust.backups")),
                rx.cond(
                    S.loaded,
                    rx.el.p(S.drill, class_name="quiet small"),
                    rx.el.p(class_name="quiet small sk w20"),
                ),
            ),
            rx.el.div(
                button(
                    rx.cond(S.making, t("trust.backup_making"), t("trust.backup_make")),
                    symbol="archive",
                    on_click=S.make_backup,
                    disabled=S.making,
                ),
                send_file(
                    "trust.backup_upload",
                    "/api/backups",
                    busy="trust.backup_uploading",
                    accept=".sfbackup",
                    on_done=S.uploaded,
                    on_failed=S.upload_failed,
                ),
                class_name="row wrap",
            ),
        ),
        rx.cond(
            S.backups.length() > 0,
            data_table(
                [
                    Column("trust.backup_when"),
                    Column("trust.backup_state", wide_only=True),
                    Column("trust.backup_size", right=True),
                    Column("trust.backup_actions", right=True, hidden_label=True),
                ],
                S.backups,
                _backup,
                caption="trust.backups",
            ),
            rx.cond(S.loaded, rx.el.p(t("trust.backups_none"), class_name="quiet")),
        ),
        rx.el.p(t("trust.backups_text"), class_name="quiet small"),
        class_name="block trust-backups",
    )


def _backup(one: Var) -> rx.Component:
    return rx.el.tr(
        cell(rx.el.div(one.made), rx.el.div(one.ago, class_name="quiet small")),
        cell(
            rx.el.div(
                rx.cond(one.uploaded, chip("trust.backup_from_outside")),
                rx.cond(one.proven, chip("trust.backup_proven", kind="good", symbol="check")),
                class_name="row wrap",
            ),
            wide_only=True,
        ),
        number_cell(one.size),
        rx.el.td(
            rx.el.div(
                download_icon(t("trust.backup_download", when=one.made), one.link, one.name),
                button(
                    "trust.restore",
                    small=True,
                    kind="ghost",
                    on_click=S.ask_restore(one.name),
                    disabled=S.making,  # the list is about to change
                    aria_label=t("trust.restore_named", when=one.made),
                ),
                class_name="row end",
            ),
            class_name="right",
        ),
        key=one.name,
    )


def _restore() -> rx.Component:
    return dialog(
        rx.el.p(t("trust.restore_text", when=S.chosen.made)),
        rx.el.ul(
            rx.el.li(t("trust.restore_verified")),
            rx.el.li(t("trust.restore_kept")),
            rx.el.li(t("trust.restore_signed_out")),
            class_name="bullets quiet",
        ),
        rx.el.form(
            field(
                "trust.restore_passphrase",
                text_input("passphrase", type="password", auto_complete="off"),
                hint="trust.restore_passphrase_hint",
            ),
            form_error(S.restore_problem),
            rx.el.div(
                button("common.cancel", kind="ghost", on_click=S.keep_all),
                button(
                    rx.cond(S.restoring, t("trust.restoring"), t("trust.restore")),
                    kind="danger",
                    type="submit",
                    disabled=S.restoring,
                ),
                class_name="row end",
            ),
            on_submit=S.restore,
            class_name="stack loose",
        ),
        open=S.chosen.name != "",
        on_close=S.keep_all,
        title="trust.restore_title",
    )
