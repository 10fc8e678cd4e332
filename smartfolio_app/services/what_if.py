"""What if: a sale that has not been made, by any method or from lots picked by hand. Nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from sqlmodel import Session

from smartfolio_app.analytics.ledger_view import SourceView
from smartfolio_app.analytics.results import UnitPrice
from smartfolio_app.errors import InvalidInputError, NotFoundError
from smartfolio_app.ledger.assets import Asset, AssetId, is_fiat
from smartfolio_app.ledger.gains import TermRule
from smartfolio_app.ledger.instants import instant
from smartfolio_app.ledger.lots import Method, Policy
from smartfolio_app.ledger.money import ZERO
from smartfolio_app.ledger.what_if import Outcome, Sale, what_if_picked, what_if_sold
from smartfolio_app.services import gains
from smartfolio_app.services.views import View, basis


@dataclass(frozen=True, slots=True)
class Question:
    """A sale to try. ``price`` of one unit and ``fee`` are in the view's currency; without a price, the present one.

    ``method`` is that of the sale alone (default: this year's). ``picked`` are numbers of open lots, as
    ``gains.open_lots`` lists them, with what to take of each; then ``quantity`` is theirs together. ``source`` (a key)
    sells from that source's lots, where lots are kept by source.
    """

    asset: AssetId
    quantity: Decimal = ZERO
    price: Decimal | None = None
    fee: Decimal = ZERO
    method: str = ""
    picked: Sequence[tuple[int, Decimal]] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """The outcome in the view's currency, what of the gain is long and short term, and what other methods would give.

    ``by_method`` is empty for picked lots. ``found`` is the price that was looked up, ``None`` where it was given.
    """

    asset: Asset
    currency: str
    method: Method
    price: Decimal
    found: UnitPrice | None
    outcome: Outcome
    long_term: Decimal
    short_term: Decimal
    by_method: dict[Method, Decimal | None]


def ask(db: Session, view: View, question: Question, *, compared: bool = True) -> Reply:
    """Return what the sale would realise, and what would be left; not ``compared``, by no other method.

    Raises:
        InvalidInputError: The quantity, price or fee is no such thing, there is no such method, or there is no price.
        SaleTooLargeError: More would be sold than there is.
        NotFoundError: Nothing is known of such an asset, or the user has no such source.
    """
    known = basis(db, view.user_id)
    if is_fiat(question.asset) or question.asset not in known.ledger.columns.assets:
        raise NotFoundError("asset.unknown", asset=question.asset)
    policy, now = Policy.parse(view.method), datetime.now(UTC)
    chosen = gains.policy_of(view, gains.Query(method=question.method)).method_of(now.year)
    amounts = [question.quantity] if not question.picked else [amount for _, amount in question.picked]
    if any(not amount.is_finite() or amount <= 0 for amount in amounts):
        raise InvalidInputError("what_if.quantity")
    if question.fee < 0 or (question.price is not None and question.price < 0):
        raise InvalidInputError("what_if.price")
    price, found = question.price, None
    if price is None:
        found = known.prices.unit_price(question.asset, view.currency, now)
        if found is None:
            raise InvalidInputError("what_if.no_price", asset=known.ledger.asset(question.asset).symbol)
        price = found.value
    book = known.ledger.lots_of_asset(known.prices, view.currency, question.asset, policy)
    sale = Sale(question.asset, question.quantity, price, now, question.fee)
    by_method: dict[Method, Decimal | None] = {}
    if question.picked:
        outcome = what_if_picked(book, sale, question.picked)
    else:
        methods = list(Method) if compared else [chosen]
        source = _source_id(known.ledger.sources, question.source)
        outcomes = {method: what_if_sold(book, sale, method, source) for method in methods}
        by_method = {method: one.gain for method, one in outcomes.items()}
        outcome = outcomes[chosen]
    long_term, short_term = _terms(outcome, gains.rule_of(db, view, gains.Query()), now)
    return Reply(
        asset=known.ledger.asset(question.asset),
        currency=view.currency,
        method=chosen,
        price=price,
        found=found,
        outcome=outcome,
        long_term=long_term,
        short_term=short_term,
        by_method=by_method,
    )


def _source_id(sources: Mapping[str, SourceView], key: str) -> str:
    if not key:
        return ""
    for id_, one in sources.items():
        if one.key == key:
            return id_
    raise NotFoundError("source.no_such_source", source=key)


def _terms(outcome: Outcome, rule: TermRule, now: datetime) -> tuple[Decimal, Decimal]:
    long_term, short_term = ZERO, ZERO
    for match in outcome.matches:
        if match.gain is None:
            continue
        long = rule.is_long(None if match.acquired is None else instant(match.acquired), now)
        if long:
            long_term += match.gain
        elif long is False:
            short_term += match.gain
    return long_term, short_term
