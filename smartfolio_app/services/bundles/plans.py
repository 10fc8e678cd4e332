"""Bundles of a rebalancing plan: what is held where, the rules, and of what is sold the lots."""

from __future__ import annotations

from decimal import Decimal

from smartfolio_app.analytics.bundles import plans
from smartfolio_app.analytics.bundles.records import rates_out
from smartfolio_app.analytics.rebalancing.taxes import Rates
from smartfolio_app.ledger.lots import Policy
from smartfolio_app.services.bundles.asked import Asked, Made, Maker
from smartfolio_app.services.bundles.lots import lots_out
from smartfolio_app.services.bundles.worth import holdings_out
from smartfolio_app.services.rebalancing.explain_rows import counted, left_alone
from smartfolio_app.services.rebalancing.plan import Wish, propose


def _rebalance(asked: Asked, name: str) -> Made:
    cash, only_cash, measure, about = [*name.split(":", 3), ""][:4]
    plan = propose(asked.db, asked.view, Wish(Decimal(cash), only_cash == "1"))
    if measure == "outside":
        aside = {one.asset.id for one in left_alone(plan)}
        return "worth", holdings_out(row for row in asked.whole.holdings if row.asset.id in aside)
    if measure in ("held", "part"):
        by, _, key = about.partition(":")
        mine = holdings_out(counted(asked.whole, by, key))
        if measure == "held":
            return "worth", mine
        return "portion", {"part": mine, "of": holdings_out(counted(asked.whole, by))}
    given, local = plan.ground, plan.local
    held = {one.asset for one in given.places}
    found = {
        **plans.plan_inputs(given.places, local.venues.values(), given.rules, given.pieces),
        "currency": plan.currency,
        "at": plan.at.isoformat(),
        "rates": {
            row.asset.id: rates_out(row.price)
            for row in asked.whole.holdings
            if row.price is not None and row.asset.id in held
        },
        "measure": measure,
        "about": about,
    }
    if measure in plans.OF_LOTS:
        policy = Policy.parse(asked.view.method)
        rates = Rates(plan.rule, local.tax_long, local.tax_short)
        sold = frozenset(one.trade.asset for one in plan.trades if one.trade.side == "sell")
        found["taxes"] = plans.tax_inputs(policy.method_of(plan.at.year), rates)
        found["lots"] = lots_out(asked, policy, sold)
    return "plan", found


KINDS: dict[str, Maker] = {"rebalance": _rebalance}
