"""The price jury flags what cannot be right, and no honest day."""

import csv
import math
import random
from datetime import date

import pytest

from smartfolio_app.analytics.price_jury import judge

START = 20_000


def walk(days=120, seed=1, volatility=0.04, level=100.0):
    chance, price, line = random.Random(seed), level, {}
    for number in range(days):
        price *= math.exp(chance.gauss(0, volatility))
        line[START + number] = price
    return line


def nearly(line, seed=2, noise=0.01):
    chance = random.Random(seed)
    return {day: price * math.exp(chance.gauss(0, noise)) for day, price in line.items()}


def slipped(line, factor, days):
    return {day: price * (factor if day in days else 1) for day, price in line.items()}


def found(told):
    return {(one.source, one.day): one.verdict for one in judge(told)}


def expected(source, days, verdict):
    return {(source, day): verdict for day in days}


def test_who_is_contradicted_only_by_one_that_is_wrong_itself_is_believed():
    right = walk(40)
    days = range(START + 20, START + 26)
    wrong = slipped(right, 5, days)  # among all days an outlier, against these alone another thing altogether
    told = {"coingecko": wrong, "binance": {day: right[day] for day in days}, "yahoo": nearly(right)}
    assert set(found(told)) == {("coingecko", day) for day in days}


def test_sources_that_agree_are_left_alone():
    line = walk()
    assert judge({"a": line, "b": nearly(line)}) == []


@pytest.mark.parametrize("source", ["a", "b"])
@pytest.mark.parametrize("factor", [100, 0.01])
@pytest.mark.parametrize("length", [1, 2, 12])
def test_a_slip_of_units_is_found_in_whichever_source_it_is(source, factor, length):
    line = walk()
    days = set(range(START + 50, START + 50 + length))
    told = {"a": line, "b": nearly(line)}
    told[source] = slipped(told[source], factor, days)
    assert found(told) == expected(source, days, "unit")
    one = judge(told)[0]
    assert one.factor == pytest.approx(factor, rel=0.2)


@pytest.mark.parametrize("source", ["a", "b"])
def test_the_newest_day_is_judged_by_the_day_before(source):
    line = walk()
    last = {START + 119}
    told = {"a": line, "b": nearly(line)}
    told[source] = slipped(told[source], 12.3, last)
    assert found(told) == expected(source, last, "outlier")


@pytest.mark.parametrize("source", ["a", "b"])
@pytest.mark.parametrize("ratio", [0.1, 0.5, 10])
def test_a_split_that_only_one_has_applied_is_called_so(source, ratio):
    line = walk(volatility=0.015)
    days = set(range(START, START + 40))
    told = {"a": line, "b": nearly(line, noise=0.002)}
    told[source] = slipped(told[source], ratio, days)
    assert found(told) == expected(source, days, "split")


def test_a_ticker_that_means_something_else_is_a_collision_from_the_first_day():
    told = {"a": walk(seed=1), "b": walk(seed=7, level=0.35)}
    verdicts = found(told)
    assert {source for source, _ in verdicts} == {"b"}
    assert set(verdicts.values()) == {"collision"}
    assert len(verdicts) == 120


def test_a_ticker_that_always_counts_in_hundredths_is_a_matter_of_units():
    line = walk()
    told = {"a": line, "b": slipped(nearly(line), 100, set(line))}
    assert found(told) == expected("b", line, "unit")


def test_two_honest_sources_stay_whole_when_a_third_lies():
    line = walk()
    told = {"a": line, "b": slipped(nearly(line), 5, {START + 60}), "c": nearly(line, seed=5)}
    assert found(told) == expected("b", {START + 60}, "outlier")


def test_a_source_that_is_alone_is_doubted_for_a_jump_by_a_hundred_only():
    line = walk()
    assert judge({"a": slipped(line, 8, {START + 30})}) == []
    assert found({"a": slipped(line, 100, {START + 30})}) == expected("a", {START + 30}, "unit")
    newest = {START + 118, START + 119}
    assert found({"a": slipped(line, 0.01, newest)}) == expected("a", newest, "unit")
    first = {START, START + 1}
    assert found({"a": slipped(line, 100, first)}) == expected("a", first, "unit")


def test_a_new_level_that_lasts_is_believed():
    line = walk()
    assert judge({"a": slipped(line, 0.01, set(range(START + 60, START + 120)))}) == []


def test_what_cannot_be_compared_is_believed():
    assert judge({}) == []
    assert judge({"a": {}, "b": {START: 5.0}}) == []
    assert judge({"a": {START: 5.0}, "b": {START + 400: 900.0}}) == []


# ------------------------------------------------------------------------------------------------- real series
def real(shared_dir, name):
    with (shared_dir / "prices" / name).open() as file:
        rows = csv.DictReader(file)
        return {
            date.fromisoformat(row["date"][:10]).toordinal(): float(row["close"])
            for row in rows
            if row["close"] and float(row["close"]) > 0
        }


PAIRS = [
    ("BTCUSDT_1d_binance.csv", "BTC-USD_1d_yahoo_to2024.csv"),
    ("ETHUSDT_1d_binance.csv", "ETH-USD_1d_yahoo_to2024.csv"),
    ("SOLUSDT_1d_binance.csv", "SOL-USD_1d_yahoo_to2024.csv"),
]


@pytest.mark.shared
@pytest.mark.parametrize(("one", "two"), PAIRS)
def test_no_honest_day_of_two_real_series_is_flagged_and_every_injected_slip_is(shared_dir, one, two):
    a, b = real(shared_dir, one), real(shared_dir, two)
    assert judge({"a": a, "b": b}) == []
    both = sorted(a.keys() & b.keys())
    assert len(both) > 200
    chance = random.Random(4)
    for factor, verdict in (
        (100, "unit"),
        (0.01, "unit"),
        (1.6, "outlier"),
        (0.4, "outlier"),
        (25, "outlier"),
    ):
        for source in ("a", "b"):
            day = chance.choice(both[5:-5])
            told = {"a": a, "b": b}
            told[source] = slipped(told[source], factor, {day})
            assert found(told) == {(source, day): verdict}, (factor, source, date.fromordinal(day))


@pytest.mark.shared
def test_no_honest_day_of_any_real_series_alone_is_flagged(shared_dir):
    names = [path.name for path in sorted((shared_dir / "prices").glob("*_1d_*.csv"))]
    assert len(names) > 15
    flagged = {name: judge({"a": real(shared_dir, name)}) for name in names}
    assert {name: rows for name, rows in flagged.items() if rows} == {}
