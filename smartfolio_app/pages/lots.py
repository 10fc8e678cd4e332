"""Open lots as a table: on the page of an asset, and where lots are picked for a sale that is tried."""

from __future__ import annotations

from collections.abc import Callable

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.figures import figure, why_change
from smartfolio_app.components.tables import Column, cell, data_table, number_cell


def lots_table(lots: Var, more: Var, *, take: Callable[[Var], rx.Component] | None = None) -> rx.Component:
    """Return the open lots, oldest first, and a word on those that are not listed.

    ``take`` gives the cell in which to say how much of a lot is sold; with it what is narrower shows less.
    """
    picking = take is not None
    columns = [
        Column("gains.acquired"),
        Column("gains.held", wide_only=True),
        Column("gains.quantity", right=True),
        Column("gains.cost", right=True),
        Column("holdings.value", right=True, wide_only=True),
        Column("gains.unrealised", right=True, wide_only=picking),
    ]
    if picking:
        columns.append(Column("gains.take", right=True))
    return rx.fragment(
        data_table(tuple(columns), lots, lambda lot: _lot(lot, take), caption="gains.open_lots"),
        rx.cond(more, rx.el.p(more, class_name="small quiet")),
    )


def _lot(lot: Var, take: Callable[[Var], rx.Component] | None) -> rx.Component:
    return rx.el.tr(
        cell(lot.acquired, rx.cond(lot.place, rx.el.span(lot.place, class_name="small quiet below"))),
        cell(
            lot.held, rx.cond(lot.term, rx.el.span(lot.term, class_name="small quiet below")), wide_only=True
        ),
        number_cell(lot.quantity),
        number_cell(figure(lot.cost, lot.figure, of="gains.cost", by_key=False)),
        number_cell(figure(lot.value, lot.figure, of="holdings.value", by_key=False), wide_only=True),
        number_cell(
            why_change(lot.gain, lot.gain_direction, lot.figure, of="gains.unrealised"),
            wide_only=take is not None,
        ),
        *([] if take is None else [take(lot)]),
        key=lot.field,
    )
