"""Sources: what is connected and how it is doing; adding, switching, renaming, deleting; files and imports."""

from __future__ import annotations

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.controls import button, chip, icon_button, link_button
from smartfolio_app.components.dialogs import confirm, dialog
from smartfolio_app.components.download import download_icon
from smartfolio_app.components.figures import skeleton
from smartfolio_app.components.forms import field, text_input
from smartfolio_app.components.icons import icon
from smartfolio_app.components.notices import Timer, progress
from smartfolio_app.components.shell import page
from smartfolio_app.components.tables import Column, cell, data_table, number_cell
from smartfolio_app.i18n import t
from smartfolio_app.pages.connect import connect
from smartfolio_app.pages.mapping import mapping_wizard
from smartfolio_app.pages.price_questions import price_questions
from smartfolio_app.pages.sources_live import forget_dialog, live_details
from smartfolio_app.pages.uploads import uploads
from smartfolio_app.state.connect import ConnectState
from smartfolio_app.state.sources import SourcesState
from smartfolio_app.state.syncs import SyncsState

FILES_PATH = "/api/sources/files/"
#: Seconds between two looks whether something was synced by itself.
LOOKS = 30


def sources() -> rx.Component:
    """Return the Sources page."""
    return page(
        "nav.sources",
        rx.el.div(
            uploads(),
            _category("crypto", SourcesState.crypto),
            _category("stocks", SourcesState.stocks),
            _category("wealth", SourcesState.wealth),
            price_questions(),
            Timer.create(turn=SyncsState.turn, seconds=LOOKS, on_time=SyncsState.look),
            class_name="source-page",
            on_mount=[ConnectState.arrive, SyncsState.watch],
        ),
        _rename_dialog(),
        _removal_dialog(),
        _file_removal_dialog(),
        connect(),
        forget_dialog(),
        mapping_wizard(),
        actions=[button("sources.add", symbol="plus", on_click=ConnectState.open)],
        lead="sources.subtitle",
    )


def _category(name: str, cards: Var) -> rx.Component:
    return rx.el.section(
        rx.el.header(rx.el.h2(t(f"sources.{name}"))),
        rx.cond(
            SourcesState.loaded,
            rx.el.ul(rx.foreach(cards, _card), class_name="sources"),
            skeleton("source-waiting"),
        ),
        class_name="block",
    )


def _card(source: Var) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            _identity(source),
            _state(source),
            _tools(source),
            class_name="source",
        ),
        rx.cond(source.key == SourcesState.opened, _details(source)),
        class_name=rx.cond(source.active, "", rx.cond(source.configured, "off", "absent")),
    )


def _identity(source: Var) -> rx.Component:
    return rx.el.div(
        rx.el.h3(source.label, class_name="truncate"),
        rx.el.p(
            source.kind_text,
            rx.cond(source.holds, rx.fragment(" · ", source.holds)),
            rx.cond(source.last, rx.fragment(" · ", source.last)),
            rx.cond(source.next, rx.fragment(" · ", source.next)),
            class_name="small quiet",
        ),
        class_name="identity",
    )


def _state(source: Var) -> rx.Component:
    mark = rx.match(
        source.status,
        ("ok", chip(source.status_text, kind="good", symbol="check")),
        ("error", chip(source.status_text, kind="bad", symbol="circle-alert")),
        ("stale", chip(source.status_text, kind="notable", symbol="clock")),
        chip(source.status_text),
    )
    told = (source.reason != "") & ((source.status != "not_configured") | (source.kind == "api"))
    calm = rx.fragment(
        mark,
        rx.cond(
            source.waiting,
            rx.el.p(source.waiting, class_name="small quiet"),
            rx.cond(told, rx.el.p(source.reason, class_name="small quiet")),
        ),
    )
    return rx.el.div(rx.cond(source.busy, _progress(source), calm), class_name="state")


def _progress(source: Var) -> rx.Component:
    return rx.el.div(
        rx.el.p(source.doing, class_name="small quiet", role="status"),
        rx.cond(
            source.percent >= 0,
            progress(source.percent, label="syncs.progress"),
            progress(None, label="syncs.progress"),
        ),
        class_name="syncing",
    )


def _tools(source: Var) -> rx.Component:
    ready = rx.fragment(
        rx.cond(source.kind == "api", _sync_tools(source)),
        rx.el.label(
            rx.el.input(
                type="checkbox",
                role="switch",
                checked=source.active,
                on_change=SourcesState.switch(source.key),
                aria_label=t("sources.active_named", label=source.label),
            ),
            class_name="check switch",
            title=t("sources.active"),
        ),
        rx.cond(
            source.category == "wealth",
            link_button("sources.open_items", "/items", kind="ghost", small=True),
            rx.el.button(
                icon("chevron-down"),
                type="button",
                class_name="icon-button",
                aria_label=t("sources.details", label=source.label),
                title=t("sources.details", label=source.label),
                custom_attrs={"aria-expanded": source.key == SourcesState.opened},
                on_click=SourcesState.open_source(source.key),
            ),
        ),
    )
    absent = rx.cond(
        source.kind == "api",
        button("connection.connect", small=True, on_click=ConnectState.begin(source.provider)),
        button("sources.set_up", small=True, on_click=SourcesState.add(source.provider)),
    )
    return rx.el.div(rx.cond(source.configured, ready, absent), class_name="tools")


def _sync_tools(source: Var) -> rx.Component:
    return rx.cond(
        source.connected,
        rx.cond(
            source.busy | (source.waiting != ""),
            icon_button(
                "x", t("syncs.cancel_of", label=source.label), on_click=SyncsState.cancel(source.key)
            ),
            icon_button(
                "refresh-cw", t("syncs.now_of", label=source.label), on_click=SyncsState.start(source.key)
            ),
        ),
        button("connection.add_key", small=True, on_click=ConnectState.begin_again(source.key)),
    )


def _details(source: Var) -> rx.Component:
    return rx.el.div(
        rx.cond(source.kind == "api", live_details()),
        _batches(),
        _files(),
        rx.el.div(
            rx.cond(
                source.kind == "manual",
                link_button("sources.type_in", "/transactions", symbol="plus", small=True),
            ),
            rx.cond(
                source.could_be_live,
                button(
                    "connection.go_live",
                    symbol="plug",
                    small=True,
                    on_click=ConnectState.begin(source.could_be_live),
                ),
            ),
            button(
                "sources.rename",
                symbol="pencil",
                small=True,
                kind="ghost",
                on_click=SourcesState.ask_name(source.key),
            ),
            rx.cond(
                source.removable,
                button(
                    "sources.delete",
                    symbol="trash-2",
                    small=True,
                    kind="ghost",
                    on_click=SourcesState.ask_removal(source.key),
                ),
            ),
            class_name="row wrap",
        ),
        class_name="source-details",
    )


def _batches() -> rx.Component:
    columns = (
        Column("sources.batch_when"),
        Column("sources.file_format", wide_only=True),
        Column("sources.batch_added", right=True),
        Column("sources.batch_duplicates", right=True, wide_only=True),
        Column("sources.batch_rejected", right=True, wide_only=True),
        Column("sources.batch_take_back", hidden_label=True, right=True),
    )
    return rx.cond(
        SourcesState.batches,
        rx.el.section(
            rx.el.h4(t("sources.batches_title")),
            data_table(columns, SourcesState.batches, _batch, caption="sources.batches_title"),
        ),
    )


def _batch(batch: Var) -> rx.Component:
    take_back = button(
        "sources.undo",
        small=True,
        kind="ghost",
        symbol="undo-2",
        on_click=SourcesState.undo_batch(batch.id),
        aria_label=t("sources.batch_undo", when=batch.when),
    )
    return rx.el.tr(
        cell(batch.when),
        cell(batch.format, wide_only=True),
        number_cell(batch.added),
        number_cell(batch.duplicates, wide_only=True),
        number_cell(batch.rejected, wide_only=True),
        rx.el.td(
            rx.cond(batch.undone, rx.el.span(batch.undone, class_name="small quiet"), take_back),
            class_name="right",
        ),
        class_name=rx.cond(batch.undone, "gone", ""),
    )


def _files() -> rx.Component:
    columns = (
        Column("sources.file_name"),
        Column("sources.file_format", wide_only=True),
        Column("sources.file_size", right=True, wide_only=True),
        Column("sources.file_uploaded", wide_only=True),
        Column("sources.file_tools", hidden_label=True, right=True),
    )
    return rx.cond(
        SourcesState.files,
        rx.el.section(
            rx.el.h4(t("sources.files_title")),
            data_table(columns, SourcesState.files, _file, caption="sources.files_title"),
        ),
    )


def _file(kept: Var) -> rx.Component:
    return rx.el.tr(
        cell(rx.el.span(kept.name, class_name="file-name")),
        cell(kept.format, wide_only=True),
        number_cell(kept.size, wide_only=True),
        cell(kept.uploaded, wide_only=True),
        rx.el.td(
            download_icon(t("sources.download", name=kept.name), FILES_PATH + kept.id.to(str), kept.name),
            icon_button(
                "trash-2",
                t("sources.delete_file", name=kept.name),
                on_click=SourcesState.ask_file_removal(kept.id),
            ),
            class_name="right nowrap",
        ),
    )


def _rename_dialog() -> rx.Component:
    return dialog(
        rx.el.form(
            field(
                "sources.rename_field",
                text_input(
                    "label",
                    default_value=SourcesState.renamed.label,
                    max_length=120,
                    auto_focus=True,
                    required=True,
                ),
                wrong=SourcesState.rename_problem,
            ),
            rx.el.div(
                button("sources.cancel", kind="ghost", on_click=SourcesState.close_dialogs),
                button("sources.save", kind="primary", type="submit"),
                class_name="row end",
            ),
            on_submit=SourcesState.rename,
            class_name="stack",
        ),
        open=SourcesState.renamed.key != "",
        on_close=SourcesState.close_dialogs,
        title=t("sources.rename_title", label=SourcesState.renamed.label),
    )


def _removal_dialog() -> rx.Component:
    return confirm(
        rx.cond(
            SourcesState.removal,
            rx.fragment(
                rx.el.p(t("sources.delete_removes")),
                rx.el.ul(rx.foreach(SourcesState.removal, rx.el.li), class_name="bullets"),
            ),
            rx.el.p(t("sources.delete_nothing")),
        ),
        open=SourcesState.removed.key != "",
        on_close=SourcesState.close_dialogs,
        on_confirm=SourcesState.remove,
        title=t("sources.delete_title", label=SourcesState.removed.label),
        action="sources.delete_confirm",
    )


def _file_removal_dialog() -> rx.Component:
    return confirm(
        rx.el.p(t("sources.delete_file_text")),
        open=SourcesState.removed_file.key != "",
        on_close=SourcesState.close_dialogs,
        on_confirm=SourcesState.remove_file,
        title=t("sources.delete_file_title", name=SourcesState.removed_file.label),
        action="sources.delete",
    )
