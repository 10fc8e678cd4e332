"""The upload area, and one card for each file on its way in: what it is, what it would do, what it did."""

from __future__ import annotations

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.controls import button, icon_button, link_button
from smartfolio_app.components.figures import figure, why_change
from smartfolio_app.components.forms import check, field, select
from smartfolio_app.components.icons import icon
from smartfolio_app.components.notices import banner, progress
from smartfolio_app.components.tables import Column, cell, number_cell
from smartfolio_app.components.watch_uploads import WatchUploads
from smartfolio_app.i18n import t
from smartfolio_app.pages.settings import ZONES
from smartfolio_app.state.imports import ImportsState
from smartfolio_app.state.mapping import MappingState

UPLOAD = "imports"
#: As many as one request may carry (``security.bodies``).
MOST_AT_ONCE = 10


def uploads() -> rx.Component:
    """Return the area where files are dropped, and the cards of those that were."""
    return rx.el.section(
        _drop_area(),
        WatchUploads.create(on_taken=ImportsState.watch, on_failed=ImportsState.not_taken),
        rx.foreach(ImportsState.problems, lambda words: banner(rx.el.p(words), tone="bad", role="alert")),
        rx.cond(
            ImportsState.import_all | ImportsState.dismiss_all,
            rx.el.div(
                rx.cond(
                    ImportsState.dismiss_all, button(ImportsState.dismiss_all, on_click=ImportsState.put_away)
                ),
                rx.cond(
                    ImportsState.import_all,
                    button(ImportsState.import_all, kind="primary", on_click=ImportsState.confirm_all),
                ),
                class_name="dialog-actions",
            ),
        ),
        rx.cond(
            ImportsState.cards,
            rx.el.div(rx.foreach(ImportsState.cards, _card), class_name="uploads"),
        ),
        class_name="block stack",
        aria_label=t("import_wizard.files_title"),
        on_mount=ImportsState.watch,
    )


def _drop_area() -> rx.Component:
    area = rx.upload(
        icon("file-up", "big"),
        rx.el.div(
            rx.el.p(
                rx.el.span(t("import_wizard.drop"), class_name="strong"),
                " ",
                rx.el.span(t("import_wizard.drop_or"), class_name="link"),
            ),
            rx.el.p(
                rx.cond(
                    ImportsState.receiving,
                    t("import_wizard.uploading"),
                    t("import_wizard.drop_hint", size=ImportsState.limit_mb),
                ),
                class_name="small quiet",
            ),
        ),
        id=UPLOAD,
        multiple=True,
        max_size=ImportsState.limit_mb * 1024 * 1024,
        max_files=MOST_AT_ONCE,
        on_drop=ImportsState.receive(rx.upload_files(upload_id=UPLOAD)),
        on_drop_rejected=ImportsState.refuse,
        class_name="drop",
        role="button",
        aria_label=t("import_wizard.drop"),
    )
    # The hidden file field is Reflex's own; it needs a name of ours to be announced by.
    area.children[0].children[0].custom_attrs = {"aria-label": t("import_wizard.drop")}
    return area


def _card(card: Var) -> rx.Component:
    return rx.el.article(
        rx.el.header(
            icon("file-spreadsheet"),
            rx.el.div(
                rx.el.h2(card.name, class_name="truncate"),
                rx.el.p(
                    card.size,
                    rx.cond(card.format, rx.fragment(" · ", card.format)),
                    rx.cond(card.span & ~card.is_statement, rx.fragment(" · ", card.span)),
                    class_name="small quiet",
                ),
                class_name="grow",
            ),
            icon_button(
                "x", t("import_wizard.discard_named", name=card.name), on_click=ImportsState.discard(card.id)
            ),
        ),
        rx.match(
            card.phase,
            ("working", _working(card)),
            ("ready", _ready(card)),
            ("unknown", _unknown(card)),
            ("done", _done(card)),
            ("undone", rx.el.p(t("import_wizard.undone"), role="status")),
            _failed(card),
        ),
        class_name="card upload-card",
        aria_label=card.name,
    )


def _working(card: Var) -> rx.Component:
    return rx.el.div(
        rx.cond(
            card.percent >= 0,
            progress(card.percent, label=card.doing),
            progress(None, label=card.doing),
        ),
        rx.el.p(
            rx.el.span(card.doing),
            rx.el.span(t("import_wizard.leave"), class_name="quiet"),
            class_name="row wrap",
        ),
        class_name="stack tight",
        role="status",
    )


def _failed(card: Var) -> rx.Component:
    return rx.el.div(
        banner(rx.el.p(card.problem), tone="bad", role="alert"),
        rx.el.div(_format_choice(card), class_name="fields"),
        class_name="stack",
    )


def _unknown(card: Var) -> rx.Component:
    return rx.el.div(
        rx.el.p(t("import_wizard.assign_text")),
        rx.el.div(
            button(
                "import_wizard.assign_title",
                kind="primary",
                symbol="table",
                on_click=MappingState.start(card.id),
            ),
            class_name="row wrap",
        ),
        rx.el.div(_format_choice(card), class_name="fields"),
        class_name="stack",
    )


def _ready(card: Var) -> rx.Component:
    return rx.el.div(
        rx.el.dl(
            _tally("import_wizard.rows", card.rows),
            _tally("import_wizard.added", card.added, "main"),
            _tally("import_wizard.duplicates", card.duplicates),
            _tally("import_wizard.rejected", card.rejected, "", card.rejections),
            class_name="tallies",
        ),
        rx.cond(card.is_statement, rx.el.p(card.span, class_name="quiet")),
        rx.cond(card.by_mapping, _mapped(card)),
        rx.el.div(
            field(
                "import_wizard.source_choose",
                select(card.sources, value=card.source_key, on_change=ImportsState.choose_source(card.id)),
            ),
            _format_choice(card),
            rx.cond(card.is_statement, _day(card)),
            rx.cond(card.zone, _zone(card)),
            class_name="fields",
        ),
        rx.cond(card.suspected_text, _suspected(card)),
        rx.cond(card.warnings, _warnings(card)),
        _effect(card),
        rx.cond(card.rejections, _rejections(card)),
        rx.el.div(
            button("import_wizard.discard", kind="ghost", on_click=ImportsState.discard(card.id)),
            rx.cond(
                card.can_confirm,
                button(card.confirm, kind="primary", on_click=ImportsState.confirm(card.id)),
                rx.cond(
                    card.again,
                    button(card.confirm, kind="primary", disabled=True),
                    rx.el.p(t("import_wizard.confirm_nothing"), class_name="quiet"),
                ),
            ),
            class_name="dialog-actions",
        ),
        class_name="stack loose",
    )


def _mapped(card: Var) -> rx.Component:
    return rx.el.div(
        rx.cond(
            card.mapping_name,
            rx.el.span(t("import_wizard.recognised", name=card.mapping_name), class_name="quiet"),
        ),
        button(
            "import_wizard.assign_again", small=True, symbol="table", on_click=MappingState.start(card.id)
        ),
        class_name="row wrap",
    )


def _tally(label: str, value: Var, kind: str = "", notable: Var | None = None) -> rx.Component:
    name = kind if notable is None else rx.cond(notable, "notable", "")
    return rx.el.div(rx.el.dt(t(label)), rx.el.dd(value, class_name="num"), class_name=name)


def _format_choice(card: Var) -> rx.Component:
    return field(
        "import_wizard.format_choose",
        rx.el.span(
            rx.el.select(
                rx.el.option(t("import_wizard.automatic"), value=""),
                rx.foreach(ImportsState.formats, lambda one: rx.el.option(one.label, value=one.value)),
                value=card.format_id,
                on_change=ImportsState.choose_format(card.id),
            ),
            icon("chevron-down", "tiny"),
            class_name="select",
        ),
    )


def _day(card: Var) -> rx.Component:
    return field(
        "import_wizard.as_of",
        rx.el.input(
            type="date",
            default_value=card.day,
            max=card.today,
            on_change=ImportsState.choose_day(card.id),
            class_name="input",
        ),
    )


def _zone(card: Var) -> rx.Component:
    """Return the choice of the zone in which the file's times are: it names none."""
    return field(
        "import_wizard.zone",
        select(
            [
                ("UTC", Var.create("UTC")),
                *((zone, Var.create(zone.replace("_", " "))) for zone in ZONES[:-1]),
            ],
            value=card.zone,
            on_change=ImportsState.choose_zone(card.id),
        ),
        hint="import_wizard.zone_hint",
    )


def _suspected(card: Var) -> rx.Component:
    return rx.el.div(
        rx.el.p(card.suspected_text),
        check(
            "import_wizard.suspected_skip",
            switch=True,
            checked=card.skip_suspected,
            on_change=ImportsState.skip_suspected(card.id),
        ),
        class_name="banner suspected",
    )


def _warnings(card: Var) -> rx.Component:
    return rx.el.section(
        rx.el.h3(t("import_wizard.warnings_title")),
        rx.el.ul(rx.foreach(card.warnings, rx.el.li), class_name="bullets"),
    )


def _effect(card: Var) -> rx.Component:
    return rx.el.section(
        rx.el.h3(t("import_wizard.effect_title")),
        rx.cond(
            card.effect,
            rx.fragment(
                _plain_table(
                    "import_wizard.effect_title",
                    (
                        Column("import_wizard.effect_asset"),
                        Column("import_wizard.effect_before", right=True, wide_only=True),
                        Column("import_wizard.effect_after", right=True),
                        Column("import_wizard.effect_change", right=True),
                    ),
                    rx.foreach(
                        card.effect,
                        lambda row: rx.el.tr(
                            cell(rx.el.span(row.asset, class_name="strong")),
                            number_cell(
                                figure(row.before, row.figure, of=row.asset, by_key=False), wide_only=True
                            ),
                            number_cell(figure(row.after, row.figure, of=row.asset, by_key=False)),
                            rx.el.td(
                                why_change(row.change, row.direction, row.figure, of=row.asset),
                                class_name="right",
                            ),
                        ),
                    ),
                ),
                _more(card, card.effect_all),
            ),
            rx.el.p(t("import_wizard.effect_none"), class_name="quiet"),
        ),
    )


def _rejections(card: Var) -> rx.Component:
    return rx.el.section(
        rx.el.h3(t("import_wizard.rejected_title")),
        _plain_table(
            "import_wizard.rejected_title",
            (
                Column("import_wizard.rejected_row", right=True),
                Column("import_wizard.rejected_reason"),
                Column("import_wizard.rejected_raw", wide_only=True),
            ),
            rx.foreach(
                card.rejections,
                lambda row: rx.el.tr(
                    number_cell(row.row),
                    cell(row.reason),
                    cell(rx.el.code(row.raw, class_name="small quiet raw-cell"), wide_only=True),
                ),
            ),
        ),
        _more(card, card.rejections_all),
    )


def _more(card: Var, count: Var) -> rx.Component:
    return rx.cond(
        count,
        button(
            t("import_wizard.show_all", count=count),
            small=True,
            kind="ghost",
            on_click=ImportsState.show_all(card.id),
        ),
    )


def _plain_table(caption: str, columns: tuple[Column, ...], rows: rx.Component) -> rx.Component:
    heads = [
        rx.el.th(
            t(column.label),
            scope="col",
            class_name=" ".join(filter(None, ("right" * column.right, "wide-only" * column.wide_only))),
        )
        for column in columns
    ]
    return rx.el.div(
        rx.el.table(
            rx.el.caption(t(caption), class_name="sr-only"), rx.el.thead(rx.el.tr(*heads)), rx.el.tbody(rows)
        ),
        class_name="table-wrap",
    )


def _done(card: Var) -> rx.Component:
    return rx.el.div(
        rx.el.div(
            icon("check"), rx.el.div(rx.foreach(card.result, rx.el.p)), class_name="row result", role="status"
        ),
        rx.el.div(
            button("import_wizard.undo", kind="ghost", symbol="undo-2", on_click=ImportsState.undo(card.id)),
            link_button("import_wizard.see_holdings", "/holdings"),
            button("import_wizard.dismiss", kind="primary", on_click=ImportsState.discard(card.id)),
            class_name="dialog-actions",
        ),
        class_name="stack loose",
    )
