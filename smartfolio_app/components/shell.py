"""The frame of every signed-in page: icon rail, WealthBar, content, and a dock at the bottom on a phone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import reflex as rx

from smartfolio_app.components.account import light_switch, sign_out
from smartfolio_app.components.controls import Text, worded
from smartfolio_app.components.explain import explain_panel
from smartfolio_app.components.icons import icon
from smartfolio_app.components.links import route_link
from smartfolio_app.components.notices import banner, toast
from smartfolio_app.components.page_effects import PageEffects, WhenOffline
from smartfolio_app.components.palette import palette
from smartfolio_app.components.wealth_bar import sample_label, wealth_bar
from smartfolio_app.i18n import t
from smartfolio_app.state.base import AppState
from smartfolio_app.state.locale import Locale
from smartfolio_app.state.notices import Notices
from smartfolio_app.state.palette import PaletteState
from smartfolio_app.state.places import PLACES, Place


def page(
    title: str, *content: Any, actions: Sequence[Any] = (), lead: Text = "", heading: bool = True
) -> rx.Component:
    """Return a whole page.

    ``title`` is its message key; it becomes the heading (``heading=False``: for screen readers alone), ``lead`` a line
    under it, ``actions`` stand at its right. The page in the rail is recognised by the title's key.
    """
    if heading:
        words = [rx.el.h1(t(title))]
        if not (isinstance(lead, str) and not lead):
            words.append(rx.el.p(worded(lead)))
        head = rx.el.div(
            rx.el.div(*words), rx.el.div(*actions, class_name="row wrap"), class_name="page-head"
        )
    else:
        head = rx.el.h1(t(title), class_name="sr-only")
    return rx.el.div(
        rx.el.a(t("nav.skip"), href="#content", class_name="skip", on_click=rx.set_focus("content")),
        _rail(title),
        wealth_bar(),
        rx.el.main(
            WhenOffline.create(banner(t("common.offline"), tone="notable", symbol="wifi-off", role="status")),
            rx.cond(AppState.is_demo, rx.el.p(sample_label(), class_name="only-phone sample")),
            rx.cond(AppState.problem, banner(AppState.problem, tone="bad", role="alert")),
            head,
            *content,
            id="content",
            class_name="content",
            custom_attrs={"tabIndex": -1},
        ),
        _dock(title),
        explain_panel(),
        palette(),
        toast(
            Notices.text,
            turn=Notices.turn,
            on_close=Notices.close,
            tone=Notices.tone,
            held_up=Notices.held_up,
        ),
        _effects(on_search=PaletteState.open, on_look=AppState.look),
        class_name="frame",
    )


def bare_page(*content: Any) -> rx.Component:
    """Return a page without the frame, for people who are not signed in."""
    return rx.el.main(*content, _effects(), class_name="entrance")


def _effects(**events: Any) -> rx.Component:
    return PageEffects.create(
        language=Locale.language,
        theme=AppState.theme,
        query=AppState.query,
        active=AppState.ready,
        hurried=AppState.syncing != "",
        **events,
    )


def _rail(here: str) -> rx.Component:
    sections = dict.fromkeys(place.section for place in PLACES)
    lists = [
        rx.el.ul(*[_item(place, _rail_link(place, here)) for place in PLACES if place.section == section])
        for section in sections
    ]
    return rx.el.nav(
        route_link(mark(), to="/", class_name="mark", aria_label=t("nav.home")),
        *lists,
        rx.el.div(light_switch(), sign_out(), class_name="foot"),
        class_name="rail",
        aria_label=t("nav.main"),
    )


def _rail_link(place: Place, here: str) -> rx.Component:
    tip = rx.el.span(t(place.key), class_name="tip", custom_attrs={"aria-hidden": "true"})
    name = t(place.key)
    if place.address == "/alerts":
        name = rx.cond(AppState.alerts, t("alerts.unseen", count=AppState.alerts), name)
    return _link(place, here, icon(place.icon), *_count(place), tip, aria_label=name)


def _count(place: Place) -> list[rx.Component]:
    """Return how many things want attention at a place, where that is known."""
    if place.address != "/alerts":
        return []
    shown = rx.el.span(AppState.alerts, class_name="rail-count", custom_attrs={"aria-hidden": "true"})
    return [rx.cond(AppState.alerts, shown)]


def _dock(here: str) -> rx.Component:
    """Return the bar at the bottom of a phone; what has no room in it is behind its last button."""
    first = [place for place in PLACES if place.phone]
    rest = [place for place in PLACES if not place.phone]
    elsewhere = any(place.key == here for place in rest)
    more = rx.el.button(
        icon("ellipsis"),
        rx.el.span(t("nav.more")),
        type="button",
        class_name="nav-link here" if elsewhere else "nav-link",
        custom_attrs={"popoverTarget": "more-places"},
    )
    links = [_item(place, _dock_link(place, here)) for place in first]
    sheet = rx.el.ul(
        *[
            _item(place, _link(place, here, icon(place.icon), rx.el.span(t(place.key)), *_count(place)))
            for place in rest
        ],
        id="more-places",
        class_name="more-places",
        custom_attrs={"popover": "auto"},
    )
    return rx.el.nav(
        rx.el.ul(*links, rx.el.li(more), class_name="dock"),
        sheet,
        key=here,  # another page is another dock: the sheet does not stay open over it
        aria_label=t("nav.main"),
        class_name="only-phone",
    )


def _dock_link(place: Place, here: str) -> rx.Component:
    short = rx.el.span(t(f"nav.short_{place.key.removeprefix('nav.')}"))
    return _link(place, here, icon(place.icon), short)


def _link(place: Place, here: str, *content: Any, **props: Any) -> rx.Component:
    return route_link(
        *content,
        to=place.address,
        class_name="nav-link here" if place.key == here else "nav-link",
        custom_attrs={"aria-current": "page"} if place.key == here else {},
        **props,
    )


def _item(place: Place, link: rx.Component) -> rx.Component:
    item = rx.el.li(link)
    return rx.cond(AppState.is_admin, item) if place.admin else item


def skeleton_page() -> rx.Component:
    """Return what stands on screen before the first script has run: the frame, and the places of the figures."""
    return rx.el.div(
        rx.el.div(class_name="rail"),
        rx.el.div(
            rx.el.div(class_name="skeleton boot-line"),
            rx.el.div(class_name="skeleton boot-figure"),
            rx.el.div(class_name="skeleton boot-chart"),
            class_name="content",
        ),
        class_name="frame boot",
        custom_attrs={"aria-hidden": "true"},
    )


def mark() -> rx.Component:
    """Return the product's mark: three rising strata."""
    return rx.el.svg(
        rx.el.svg.path(d="M3 18.5 9 13l4.5 3L21 8.5", stroke_width="2"),
        rx.el.svg.path(d="M3 13.5 9 8l4.5 3L21 3.5", stroke_width="2", opacity="0.5"),
        view_box="0 0 24 24",
        width="26",
        height="26",
        fill="none",
        stroke="currentColor",
        stroke_linecap="round",
        stroke_linejoin="round",
        custom_attrs={"aria-hidden": "true"},
    )
