"""Every format, on a small file of its own: what it is taken for, and what it says."""

import dataclasses
from datetime import time

import pytest

from smartfolio_app.providers.csv import ReadOptions, claims, formats, parse, read_table
from tests.providers.csv.helpers import EXPECTED, FIXTURES, described, events

FILES = sorted(path.name for path in FIXTURES.iterdir() if path.suffix != ".toml")
#: Formats whose only file is a workbook, made in ``test_spreadsheets``.
MADE_ELSEWHERE = {"binance_trades"}

#: Exports come oldest or newest first; only files with a preamble or with rows that continue others are one way round.
ONE_WAY = ("coinbase_2023", "dali_intra", "degiro_account", "ibkr_history", "mapping_bank", "saxo_positions")
TURNABLE = [name for name in FILES if name.endswith(".csv") and not name.startswith(ONE_WAY)]


def data(name):
    return (FIXTURES / name).read_bytes()


def options(name):
    return ReadOptions(base_currency=EXPECTED[name].get("base_currency", ""))


def test_every_format_has_a_file_and_every_file_an_expectation():
    assert set(FILES) == EXPECTED.keys()
    covered = {expected["format"] for expected in EXPECTED.values()} | MADE_ELSEWHERE
    assert {info.id for info in formats()} <= covered


@pytest.mark.parametrize("name", FILES)
def test_a_file_says_what_its_rows_add_up_to(name):
    expected = {key: value for key, value in EXPECTED[name].items() if key != "base_currency"}
    assert described(parse(data(name), options=options(name))) == expected


@pytest.mark.parametrize("name", FILES)
def test_no_two_formats_claim_one_file(name):
    expected = EXPECTED[name]["format"]
    assert claims(read_table(data(name))) == ([] if expected == "mapping" else [expected])


@pytest.mark.parametrize("name", FILES)
def test_the_name_of_the_file_tells_nothing_about_its_format(name):
    misleading = parse(data(name), "kraken ledgers cointracking trades.csv", options=options(name))
    assert misleading.format == EXPECTED[name]["format"]


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".csv")])
def test_the_encoding_changes_nothing(name):
    text = data(name).decode("utf-8-sig")
    wanted = described(parse(text.encode(), options=options(name)))
    for encoding in ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"):
        assert described(parse(text.encode(encoding), options=options(name))) == wanted, encoding
    windows = text.replace("\n", "\r\n").encode("cp1252", errors="replace")
    assert described(parse(windows, options=options(name))) == wanted


@pytest.mark.parametrize("name", FILES)
def test_rows_keep_their_number_and_their_own_words(name):
    parsed = parse(data(name), options=options(name))
    for transaction in parsed.transactions:
        assert transaction.at.tzinfo is not None
        assert transaction.row > 0
        assert transaction.raw
    for one in (*parsed.rejected, *parsed.skipped):
        assert one.params["row"] == one.row
    known = parsed.assets.keys()
    assert {asset for transaction in parsed.transactions for asset, _ in transaction.movements()} <= known
    if parsed.statement:
        assert {line.asset for line in parsed.statement.lines} <= known


@pytest.mark.parametrize("name", FILES)
def test_the_same_bytes_give_the_same_transactions(name):
    first, second = (parse(data(name), options=options(name)) for _ in range(2))
    assert first.transactions == second.transactions


@pytest.mark.parametrize("name", TURNABLE)
def test_rows_in_the_other_order_are_the_same_events(name):
    lines = data(name).decode("utf-8-sig").splitlines()
    turned = "\n".join([lines[0], *reversed(lines[1:])])
    straight = parse(data(name), options=options(name))
    assert events(parse(turned.encode(), options=options(name))) == events(straight)


def test_progress_is_told_from_start_to_end():
    seen = []
    table = data("cointracking_trades_en.csv").decode().splitlines()
    many = "\n".join([table[0], *table[2:3] * 5000]).encode()
    parse(many, progress=lambda done, total: seen.append((done, total)))
    assert seen[0] == (0, 5000)
    assert seen[-1] == (5000, 5000)
    assert len(seen) > 2
    assert seen == sorted(seen)


def test_a_format_can_be_asked_for_by_name():
    parsed = parse(data("kraken_ledgers.csv"), format_id="kraken_ledgers")
    assert parsed.institution == "Kraken"
    assert parsed.category == "crypto"


def test_two_identical_rows_without_an_id_are_two_events_and_are_pointed_out():
    lines = data("cointracking_trades_de.csv").decode().splitlines()
    parsed = parse("\n".join([*lines, lines[2]]).encode())
    assert len(parsed.transactions) == 5
    assert parsed.suspected == [6]


def test_two_identical_rows_with_one_id_are_one_event():
    nexo = data("nexo.csv").decode().splitlines()
    assert len(parse("\n".join([*nexo, nexo[1]]).encode()).transactions) == 4


def test_reading_does_not_change_the_transactions_it_gave():
    parsed = parse(data("koinly.csv"))
    assert all(dataclasses.is_dataclass(transaction) for transaction in parsed.transactions)
    with pytest.raises(dataclasses.FrozenInstanceError):
        parsed.transactions[0].account = "x"


def test_a_format_says_whether_its_times_need_a_zone():
    """Those that tell the time of day move with the zone exactly when their format says so; days alone stay days."""
    found = {info.id: info.local_times for info in formats()}
    for name in FILES:
        if EXPECTED[name]["format"] == "mapping":
            continue
        here, there = (
            [
                one.at
                for one in parse(
                    data(name), options=dataclasses.replace(options(name), time_zone=zone)
                ).transactions
            ]
            for zone in ("UTC", "Asia/Tokyo")
        )
        tells_hours = any(at.time() != time() for at in here)
        assert found[EXPECTED[name]["format"]] == (tells_hours and here != there), name
