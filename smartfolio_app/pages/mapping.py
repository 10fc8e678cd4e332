"""The mapping wizard: the first rows of an unknown file, a choice over each column, and how the file is written."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.controls import Text, button
from smartfolio_app.components.dialogs import dialog
from smartfolio_app.components.forms import check, field, form_error, select, text_input
from smartfolio_app.components.icons import icon
from smartfolio_app.i18n import t
from smartfolio_app.pages.settings import ZONES
from smartfolio_app.state.base import AppState
from smartfolio_app.state.mapping import MappingState

S = MappingState
ENCODINGS = ("utf-8", "utf-16", "cp1252", "iso-8859-15", "cp1250", "cp437", "mac-roman")
DELIMITERS = ((",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "pipe"))


def mapping_wizard() -> rx.Component:
    """Return the dialog; ``MappingState.start`` opens it on an upload."""
    return dialog(
        rx.el.p(t("import_wizard.assign_text"), class_name="quiet"),
        rx.el.form(
            _what(),
            _columns(),
            rx.el.details(
                rx.el.summary(t("import_wizard.reading_title")),
                _how(),
                class_name="reading",
            ),
            form_error(S.problem),
            rx.el.div(
                field(
                    "import_wizard.name_field",
                    text_input("name", default_value=S.saved_name, max_length=80, auto_complete="off"),
                    hint="import_wizard.name_hint",
                ),
                rx.cond(S.lacking, rx.el.p(S.lacking, class_name="notable", role="status")),
                class_name="row wrap between",
            ),
            rx.el.div(
                button("common.cancel", kind="ghost", on_click=S.close),
                button("import_wizard.show_result", kind="primary", type="submit", disabled=S.lacking != ""),
                class_name="dialog-actions",
            ),
            on_submit=S.finish,
            class_name="stack loose",
        ),
        open=S.upload_id != "",
        on_close=S.close,
        title=S.file_name,
        wide=True,
    )


def _what() -> rx.Component:
    shapes = [
        (shape, f"import_wizard.shape_{shape}") for shape in ("trades", "two_sided", "cash", "positions")
    ]
    classes = [(one, f"import_wizard.class_{one}") for one in ("auto", "crypto", "stock")]
    return rx.el.div(
        rx.cond(
            S.saved,
            field(
                "import_wizard.saved_mapping",
                _chosen(
                    [rx.el.option(t("import_wizard.saved_none"), value="", disabled=True), _options(S.saved)],
                    value=S.saved_name,
                    on_change=S.use_saved,
                ),
            ),
        ),
        field("import_wizard.shape", select(shapes, value=S.shape, on_change=S.choose_shape)),
        field(
            "import_wizard.category", select(classes, value=S.asset_class, on_change=S.choose("asset_class"))
        ),
        field(
            "import_wizard.default_currency",
            _chosen(
                [rx.el.option(t("common.none"), value=""), _options(AppState.currencies)],
                value=S.default_currency,
                on_change=S.choose("default_currency"),
            ),
        ),
        class_name="fields",
    )


def _columns() -> rx.Component:
    return rx.el.div(
        rx.el.ul(rx.foreach(S.columns, _column), class_name="columns"),
        class_name="columns-wrap",
        role="region",
        aria_label=t("import_wizard.preview_title"),
        custom_attrs={"tabIndex": 0},
    )


def _column(column: Var) -> rx.Component:
    return rx.el.li(
        rx.el.div(column.heading, class_name="strong truncate", title=column.heading),
        _chosen(
            [rx.el.option(t("import_wizard.ignored"), value=""), _options(S.roles)],
            value=column.role,
            on_change=S.assign(column.index),
            aria_label=t("import_wizard.column_use", name=column.heading),
        ),
        rx.el.ul(rx.foreach(column.cells, lambda cell: rx.el.li(cell, class_name="num")), class_name="cells"),
        class_name=rx.cond(column.role, "used", ""),
    )


def _how() -> rx.Component:
    automatic = ("", "import_wizard.automatic")
    return rx.el.div(
        rx.cond(
            S.is_sheet,
            field(
                "import_wizard.sheet",
                _chosen(
                    [rx.foreach(S.sheets, lambda name: rx.el.option(name, value=name))],
                    value=S.sheet,
                    on_change=S.choose("sheet"),
                ),
            ),
            rx.fragment(
                _setting(
                    "delimiter",
                    [(sign, f"import_wizard.delimiter_{name}") for sign, name in DELIMITERS],
                    S.delimiter,
                ),
                _setting("encoding", [automatic, *((one, Var.create(one)) for one in ENCODINGS)], S.encoding),
            ),
        ),
        _setting(
            "decimal",
            [automatic, (".", "import_wizard.decimal_point"), (",", "import_wizard.decimal_comma")],
            S.decimal,
        ),
        _setting(
            "date_order",
            [automatic, *((order, f"import_wizard.order_{order}") for order in ("dmy", "mdy", "ymd"))],
            S.date_order,
        ),
        field(
            "import_wizard.zone",
            select(
                [
                    ("", Var.create("UTC")),
                    *((zone, Var.create(zone.replace("_", " "))) for zone in ZONES[:-1]),
                ],
                value=S.time_zone,
                on_change=S.choose("time_zone"),
            ),
        ),
        rx.cond(
            S.shape == "cash",
            check("import_wizard.unsigned", checked=S.unsigned, on_change=S.choose_unsigned),
        ),
        class_name="fields",
    )


def _setting(name: str, options: list[tuple[str, Text]], value: Var) -> rx.Component:
    return field(f"import_wizard.{name}", select(options, value=value, on_change=S.choose(name)))


def _options(found: Var) -> rx.Component:
    return rx.foreach(found, lambda one: rx.el.option(one.label, value=one.value))


def _chosen(options: list[Any], **props: Any) -> rx.Component:
    return rx.el.span(rx.el.select(*options, **props), icon("chevron-down", "tiny"), class_name="select")
