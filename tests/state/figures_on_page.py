"""Reads a page as its visitor does, without a browser, and says which numbers on it do not explain themselves.

The page's components are walked with the state behind them: loops go over what is there, and of what depends on
something the side that is shown is taken. A number has to stand in a button that opens its explanation, and the
explanation that opens has to tell that number: as its result, or as one of its lines.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import reflex as rx

from smartfolio_app.analytics.results import Explanation, Step
from smartfolio_app.i18n import translate_or_text
from smartfolio_app.services.explain import explain
from smartfolio_app.services.views import view_of
from smartfolio_app.state.seat import PageState
from smartfolio_app.storage.engine import session_scope

#: What things are called, when they were, and what is typed into a form are no figures.
NAMES = {
    "label",
    "name",
    "symbol",
    "subject",
    "contract",
    "what",
    "title",
    "hint",
    "typed",
    "options",
    "followed_title",
}
#: Lines of whole sentences, each with a button that explains it.
_SENTENCES = ("brief-line", "alert-line")
_KEY = r"\?\.\[(?:\"(\w+)\"|(\d+))\]|\?\.at\?\.\((\d+)\)"
_REF = re.compile(rf"((?:[\w$]+\.)?\w+?_rx_state_)((?:{_KEY})*)")
_FIGURE = re.compile(r'explain_state\.open".*?\["figure"\] : (.*?) \}\)')
_TRUTH = re.compile(rf"^(!\(?)?(?:isTrue\()?({_REF.pattern})\)*$")
_WHEN = re.compile(
    r"\d{4}-\d\d-\d\d|[A-Z][a-z]{2} \d{1,2}, \d{4}(, \d\d:\d\d)?|\b\d\d:\d\d\b"
    r"|(in )?\d+ (second|minute|hour|day|week|month|year)s?( ago)?|every \d+ h\b|\b\d+ h\b"
    r"|S&P 500|\(\w[^()]* \d{4}\)"
)
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


class Reading:
    """One page and the states it shows."""

    def __init__(self, page: PageState) -> None:
        root = page
        while root.parent_state is not None:
            root = root.parent_state
        self._states = {_dashed(type(one)): one for one in _all(root)}

    def shown(self, node: Any, names: dict[str, Any], figure: str = "") -> Iterator[tuple[str, str, str]]:
        """Yield (what it is called, its text, the figure that explains it or nothing) of all that is shown."""
        if isinstance(node, list | tuple):
            for one in node:
                yield from self.shown(one, names, figure)
        if not isinstance(node, dict):
            return
        if "iterable_state" in node:
            yield from self._repeated(node, names, figure)
        elif "cond_state" in node:
            truth = self._truth(str(node["cond_state"]), names)
            if truth is not False:
                yield from self.shown(node["true_value"], names, figure)
            if truth is not True:
                yield from self.shown(node["false_value"], names, figure)
        elif "match_cases" in node:
            yield from self.shown(
                [case for _, case in node["match_cases"]] + [node["default"]], names, figure
            )
        elif "contents" in node:
            yield from self._written(str(node["contents"]), names, figure)
        elif "sr-only" not in (props := " ".join(map(str, node.get("props", ())))):  # a chart's own words
            asked = _FIGURE.search(props)
            if asked is None and any(kind in props for kind in _SENTENCES):
                asked = _FIGURE.search(str(node))  # the button stands beside the sentence
            inside = self._joined(asked.group(1), names) if asked else figure
            yield from self.shown(node.get("children", ()), names, inside)

    def _written(self, contents: str, names: dict[str, Any], figure: str) -> Iterator[tuple[str, str, str]]:
        for found in _REF.finditer(contents):
            value = self._value(found, names)
            if isinstance(value, str | int | float) and not isinstance(value, bool):
                yield _called(found), str(value), figure

    def _repeated(
        self, node: dict[str, Any], names: dict[str, Any], figure: str
    ) -> Iterator[tuple[str, str, str]]:
        found = _REF.search(str(node["iterable_state"]))
        rows = self._value(found, names) if found else None
        for row in rows if isinstance(rows, list | tuple) else ():
            yield from self.shown(node["children"], {**names, str(node["arg_name"]): row}, figure)

    def _truth(self, condition: str, names: dict[str, Any]) -> bool | None:
        """Tell whether a condition holds, ``None`` where it is more than whether something is there."""
        found = _TRUTH.match(condition)
        if found is None or not condition.replace("!", "").startswith(
            ("isTrue(", "(", *"abcdefghijklmnopqrstuvwxyz")
        ):
            return None
        ref = _REF.search(condition)
        assert ref is not None
        holds = bool(self._value(ref, names))
        return not holds if found.group(1) else holds

    def _joined(self, expression: str, names: dict[str, Any]) -> str:
        parts = re.findall(rf'"([^"\\\[\]]*)"(?!\])|({_REF.pattern})', expression)
        texts = []
        for part in parts:
            ref = _REF.match(part[1]) if part[1] else None
            texts.append(part[0] if ref is None else str(self._value(ref, names)))
        return "".join(texts)

    def _value(self, found: re.Match[str], names: dict[str, Any]) -> Any:
        base, keys = found.group(1), re.findall(_KEY, found.group(2))
        if base in names:
            value = names[base]
        else:
            state, _, variable = base.removesuffix("_rx_state_").rpartition(".")
            if state not in self._states:
                return None
            value = getattr(self._states[state], variable, None)
        for name, *places in keys:
            value = _inside(value, name, "".join(places))
        return value


def _inside(value: Any, name: str, place: str) -> Any:
    if place:
        return value[int(place)] if isinstance(value, list | tuple) and int(place) < len(value) else None
    if isinstance(value, dict):
        return value.get(name)
    return getattr(value, name, None)


def _all(state: rx.State) -> Iterator[rx.State]:
    yield state
    for one in state.substates.values():
        yield from _all(one)


def _dashed(state: type[rx.State]) -> str:
    return state.get_full_name().replace(".", "__")


def _called(found: re.Match[str]) -> str:
    keys = [name for name, *_ in re.findall(_KEY, found.group(2)) if name]
    return keys[-1] if keys else found.group(1).removesuffix("_rx_state_").rpartition(".")[2]


# ---------------------------------------------------------------------------------------------------- explanations
def _numbers(text: str) -> list[str]:
    return _NUMBER.findall(_WHEN.sub(" ", text.replace("\u202f", ",").replace("\u00a0", " ")))


def _told(found: Explanation) -> list[Decimal]:
    """Every number an explanation tells: of its result, its lines, and the words of both."""
    amounts: list[Decimal] = [] if found.amount is None else [found.amount]
    words = [
        translate_or_text("en", text, **found.params) for text in (found.title, found.formula, *found.notes)
    ]

    def walk(steps: tuple[Step, ...]) -> None:
        for step in steps:
            if step.amount is not None:
                amounts.append(step.amount)
            words.extend(
                [
                    step.value if step.amount is None else "",
                    translate_or_text("en", step.label, **step.params),
                ]
            )
            walk(step.children)

    walk(found.steps)
    spoken = [Decimal(one.replace(",", "")) for text in words for one in _NUMBER.findall(text)]
    return [*amounts, *spoken]


def _is_told(number: str, amounts: list[Decimal], *, whole: bool) -> bool:
    plain = number.replace(",", "")
    wanted, decimals = Decimal(plain), len(plain.partition(".")[2])
    near = Decimal(1).scaleb(-decimals) * Decimal("0.5000001")
    sizes = [abs(one) * scale for one in amounts for scale in (1, 100)]
    return any(abs(one - wanted) <= near for one in sizes) or (whole and int(wanted) in map(int, sizes))


def shown_on(layout: Callable[[], rx.Component], page: PageState) -> dict[str, list[tuple[str, str]]]:
    """Return what a page shows of its states: by name, each text with the figure it opens (empty where none)."""
    whole = layout().render()
    found: dict[str, list[tuple[str, str]]] = {}
    for name, text, figure in Reading(page).shown(_content(whole) or whole, {}):
        found.setdefault(name, []).append((text, figure))
    return found


def unexplained(
    layout: Callable[[], rx.Component], page: PageState, user_id: str, besides: frozenset[str] = frozenset()
) -> tuple[list[str], int]:
    """Return the numbers on a page that do not explain themselves, and how many do. ``besides`` are fields that hold
    numbers which are no figures.
    """
    whole = layout().render()
    tree = _content(whole) or whole
    with session_scope() as db:
        view = view_of(db, user_id)
    problems, explained, known = [], 0, {}
    for name, text, figure in Reading(page).shown(tree, {}):
        numbers = [] if name == "cents" else _numbers(text)  # of a hero figure, which is written in parts
        if not numbers or name in NAMES or name in besides:
            continue
        if not figure:
            problems.append(f"{name}: {text!r} opens nothing")
            continue
        if figure not in known:
            with session_scope() as db:
                known[figure] = _told(explain(db, view, figure))
        missing = [one for one in numbers if not _is_told(one, known[figure], whole=name == "whole")]
        if missing:
            problems.append(f"{name}: {text!r} opens {figure}, which does not tell {', '.join(missing)}")
        explained += not missing
    return list(dict.fromkeys(problems)), explained


def _content(node: Any) -> Any:
    """Return the main part of a page: what every page has around it is another matter."""
    if isinstance(node, dict) and any('id:"content"' in str(one) for one in node.get("props", ())):
        return node
    inside = node.values() if isinstance(node, dict) else node if isinstance(node, list | tuple) else ()
    return next((found for one in inside if (found := _content(one)) is not None), None)
