"""The row of tiles that look ahead; ``state.decision_tiles`` lists them."""

from __future__ import annotations

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.figures import figure
from smartfolio_app.components.icons import icon
from smartfolio_app.components.links import route_link
from smartfolio_app.i18n import t
from smartfolio_app.state.decision_tiles import TILES, TileEntry


def decision_tiles(told: Var) -> rx.Component:
    """Return the row; ``told`` is what ``state.decision_tiles.read`` returned, by key."""
    return rx.el.section(
        rx.el.h2(t("dashboard.outlook"), class_name="sr-only"),
        *[_tile(entry, told[entry.key]) for entry in TILES],
        class_name="outlook",
    )


def _tile(entry: TileEntry, told: Var) -> rx.Component:
    """Return a tile: as a whole it leads to its page, and each figure on it explains itself."""
    shown = rx.el.article(
        route_link(
            icon(entry.icon, "tiny"),
            t(entry.label),
            to=entry.address,
            class_name="outlook-label",
        ),
        rx.cond(
            told.figure,
            figure(told.headline, told.figure, of=entry.label, width="w5", extra="outlook-headline"),
            rx.el.span(told.headline, class_name="outlook-headline num sk w5"),
        ),
        rx.cond(
            told.detail_figure,
            figure(told.detail, told.detail_figure, of=entry.label, extra="sentence outlook-detail"),
            rx.el.span(told.detail, class_name="outlook-detail"),
        ),
        rx.cond(
            told.verdict,
            rx.el.span(
                rx.cond(
                    told.verdict_figure,
                    figure(told.verdict, told.verdict_figure, of=entry.label, extra="sentence"),
                    told.verdict,
                ),
                class_name=Var.create("chip ").to(str) + told.tone.to(str),
            ),
        ),
        class_name="outlook-tile",
    )
    return rx.cond(told.hidden, rx.fragment(), shown)
