"""Quiet tables: hairlines, right-aligned figures, sortable headings, a pager. Sorting and paging are the server's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.controls import Text, classes, icon_button, worded
from smartfolio_app.state.listing import ListState


@dataclass(frozen=True, slots=True)
class Column:
    """A heading. ``key`` is what ``on_sort`` is told (empty: not sortable); ``wide_only`` hides it on a phone."""

    label: Text
    key: str = ""
    right: bool = False
    wide_only: bool = False
    hidden_label: bool = False


def data_table(
    columns: Sequence[Column],
    rows: Var,
    row: Callable[[Var], rx.Component],
    *,
    caption: Text,
    sort_key: Var | None = None,
    descending: Var | None = None,
    on_sort: Any = None,
) -> rx.Component:
    """Return a table of the list var ``rows``; ``row(item)`` returns one ``rx.el.tr``.

    ``on_sort`` is a handler taking a column's key. ``caption`` is read, not seen.
    """
    head = [_heading(column, sort_key, descending, on_sort) for column in columns]
    return rx.el.div(
        rx.el.table(
            rx.el.caption(worded(caption), class_name="sr-only"),
            rx.el.thead(rx.el.tr(*head)),
            rx.el.tbody(rx.foreach(rows, row)),
        ),
        class_name="table-wrap",
    )


def list_table(
    state: type[ListState],
    columns: Sequence[Column],
    rows: Var,
    row: Callable[[Var], rx.Component],
    *,
    caption: Text,
    class_name: str,
) -> rx.Component:
    """Return the table of a list that ``state`` sorts and pages, with its pager."""
    return rx.el.div(
        data_table(
            columns,
            rows,
            row,
            caption=caption,
            sort_key=state.sort,
            descending=state.descending,
            on_sort=state.sort_by,
        ),
        pager(
            state.page_text,
            on_previous=state.previous_page,
            on_next=state.next_page,
            has_previous=state.has_previous,
            has_next=state.has_next,
        ),
        class_name=class_name,
    )


def _heading(column: Column, sort_key: Var | None, descending: Var | None, on_sort: Any) -> rx.Component:
    words = worded(column.label)
    name = classes("right" if column.right else "", "wide-only" if column.wide_only else "")
    if not column.key or on_sort is None or sort_key is None or descending is None:
        label = rx.el.span(words, class_name="sr-only") if column.hidden_label else words
        return rx.el.th(label, scope="col", class_name=name)
    order = rx.cond(sort_key == column.key, rx.cond(descending, "descending", "ascending"), "none")
    return rx.el.th(
        rx.el.button(words, type="button", class_name="sort", on_click=on_sort(column.key)),
        scope="col",
        class_name=name,
        custom_attrs={"aria-sort": order},
    )


def cell(*children: Any, wide_only: bool = False, **props: Any) -> rx.Component:
    """Return a table cell."""
    return rx.el.td(*children, class_name="wide-only" if wide_only else "", **props)


def number_cell(*children: Any, wide_only: bool = False, **props: Any) -> rx.Component:
    """Return a table cell that holds a figure, right-aligned and tabular."""
    return rx.el.td(*children, class_name=classes("right num", "wide-only" if wide_only else ""), **props)


def group_row(label: Any, columns: int, value: Any = None) -> rx.Component:
    """Return the heading row of a group of rows, with the group's own figure at the right."""
    return rx.el.tr(
        rx.el.th(label, scope="rowgroup", col_span=columns - 1 if value is not None else columns),
        *([] if value is None else [rx.el.th(value, class_name="right num")]),
        class_name="group",
    )


def pager(text: Var, *, on_previous: Any, on_next: Any, has_previous: Var, has_next: Var) -> rx.Component:
    """Return "1-50 of 1,234" (``text``, from the server) and the two arrows."""
    return rx.el.nav(
        rx.el.span(text, class_name="num"),
        icon_button("chevron-left", "common.previous", on_click=on_previous, disabled=~has_previous),
        icon_button("chevron-right", "common.next", on_click=on_next, disabled=~has_next),
        class_name="pager",
        aria_label=worded("common.pages"),
    )
