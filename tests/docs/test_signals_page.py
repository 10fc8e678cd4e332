"""The page of signals publishes the rules that the program follows."""

from pathlib import Path

from smartfolio_app.analytics.signals import components, model, regimes
from smartfolio_app.services.signals.references import COINS

PAGE = " ".join((Path(__file__).parents[2] / "docs" / "signals.md").read_text(encoding="utf-8").split())


def test_it_publishes_the_numbers_in_force():
    said = (
        f"fewer than {model.NEEDED_DAYS} days",
        f"fitted again every {model.REFIT_DAYS} days",
        f"({model.LEAST_TRAINING} at the least)",
        f"C = {model.FREEDOM}",
        f"(blocks of {model.BLOCK_DAYS} days, {model.DRAWS:,} draws, fixed seed)",
        f"mean of {components.TREND_DAYS} days",
        f"{components.VOLATILITY_DAYS} daily log returns",
        f"{regimes.COIN.far_below:.0%} for coins".replace("%", " %"),
        f"{regimes.STOCKS.far_below:.0%} for stocks".replace("%", " %"),
        f"mean of {regimes.MEAN_CLOSES} closes",
        f"{regimes.AFTER_DAYS[0]} and {regimes.AFTER_DAYS[1]} calendar days",
        ", ".join(COINS),
    )
    assert [one for one in said if one not in PAGE] == []
    assert all(f"| {name} |" in PAGE for name in regimes.REGIMES)
