"""Imports: seen before they are made, made as one, made once, and taken back as one."""

from __future__ import annotations

import itertools
import stat
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from smartfolio_app.errors import ConflictError, InvalidInputError, NotFoundError
from smartfolio_app.ledger.balances import EffectRow
from smartfolio_app.providers.csv.base import ReadOptions
from smartfolio_app.services import (
    accounts,
    audit,
    files,
    import_work,
    imports,
    sources,
    transactions,
    user_settings,
)
from smartfolio_app.services.ledger_view import load_ledger
from smartfolio_app.services.transaction_drafts import Draft
from smartfolio_app.services.wealth import portfolio, view_of
from smartfolio_app.storage.repo_ledger import revision_of
from smartfolio_app.storage.tables import (
    DailyPrice,
    ImportBatch,
    SourceFile,
    SourceRow,
    StatementRow,
    TransactionRow,
)
from tests.services.cointracking_files import LEDGER, START, balance, trades

PASSWORD = "correct horse battery"
OWNED = (TransactionRow, StatementRow, ImportBatch, SourceFile, DailyPrice, SourceRow)


@pytest.fixture
def user_id(db):
    return accounts.create_user(db, "Ann", PASSWORD).id


def commit(db, user_id, data, name="export.csv", **choices):
    return imports.commit(db, user_id, data, name, **choices)


def stored(db):
    db.expire_all()
    return {
        table.__tablename__: db.execute(select(func.count()).select_from(table)).scalar_one()
        for table in OWNED
    }


def held(effect):
    return {row.asset: (row.before, row.after) for row in effect}


class TestPreviewAndCommit:
    def test_a_preview_shows_what_the_import_does_and_stores_nothing(self, db, user_id, settings):
        before = stored(db)
        seen = imports.preview(db, user_id, trades(), "export.csv")
        assert stored(db) == before
        assert not list(settings.uploads_dir.rglob("*"))
        assert (seen.format, seen.source_key, seen.source_is_new) == (
            "cointracking_trades",
            "cointracking_csv",
            True,
        )
        assert (seen.rows, seen.added, seen.duplicates, seen.rejected) == (5, 5, 0, [])
        assert held(seen.effect) == {
            "crypto:BTC": (0, Decimal("0.0399")),
            "crypto:ETH": (0, Decimal("1.001")),
            "fiat:EUR": (0, Decimal("895.9")),
        }
        done = commit(db, user_id, trades())
        for name in (
            "format",
            "source_key",
            "source_label",
            "rows",
            "added",
            "duplicates",
            "rejected",
            "effect",
        ):
            assert getattr(done, name) == getattr(seen, name), name
        assert len(load_ledger(db, user_id).transactions) == 5

    def test_the_file_is_kept_for_its_owner_alone_and_can_be_had_back(self, db, user_id, settings):
        commit(db, user_id, trades(), "my export.csv")
        (kept,) = files.list_files(db, user_id, "cointracking_csv")
        assert (kept.name, kept.format, kept.size) == ("my export.csv", "cointracking_trades", len(trades()))
        assert files.download(db, user_id, kept.id)[1] == trades()
        (path,) = (one for one in settings.uploads_dir.rglob("*") if one.is_file())
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        for folder in (path.parent, settings.uploads_dir):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        files.delete_file(db, user_id, kept.id)
        assert not path.exists()
        assert len(load_ledger(db, user_id).transactions) == 5

    def test_an_import_is_told_of_by_its_source_its_batch_and_the_log(self, db, user_id):
        done = commit(db, user_id, trades(), "a.csv")
        status = sources.status_of(db, user_id, "cointracking_csv")
        assert status.status == "ok"
        assert status.counts == {"transactions": 5, "files": 1, "batches": 1}
        assert datetime.now(UTC) - status.last_sync < timedelta(minutes=1)
        (batch,) = imports.batches(db, user_id)
        assert (batch.id, batch.file_name, batch.rows, batch.added) == (done.batch_id, "a.csv", 5, 5)
        assert "import.commit" in [entry.action for entry in audit.entries(db, user_id)]

    def test_every_row_remembers_where_it_comes_from(self, db, user_id):
        done = commit(db, user_id, trades(), "a.csv")
        entry = transactions.listing(db, user_id, sort="at", descending=False).entries[1]
        assert (entry.batch_id, entry.file_name, entry.transaction.row) == (done.batch_id, "a.csv", 3)
        assert "0.05000000" in entry.transaction.raw

    def test_it_goes_to_the_source_that_is_named(self, db, user_id):
        second = sources.add(db, user_id, "file_crypto", "Second")
        assert commit(db, user_id, trades(), source_key=second.key).source_key == second.key
        assert [one.key for one in sources.source_status(db, user_id).sources if one.counts] == [second.key]
        with pytest.raises(NotFoundError):
            commit(db, user_id, trades(), source_key="no_such_source")
        for key in ("manual_stocks", "wealth_items"):
            with pytest.raises(InvalidInputError) as caught:
                commit(db, user_id, trades(), source_key=key)
            assert caught.value.code == "import.wrong_category"

    def test_a_failure_half_way_stores_nothing_and_keeps_no_file(self, db, user_id, settings, monkeypatch):
        before, revision = stored(db), revision_of(db, user_id)

        def fail(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(import_work, "remember_assets", fail)
        with pytest.raises(OSError, match="No space"):
            commit(db, user_id, trades())
        assert stored(db) == before
        assert revision_of(db, user_id) == revision
        assert not [path for path in settings.uploads_dir.rglob("*") if path.is_file()]

    def test_what_is_no_table_is_refused_and_leaves_nothing(self, db, user_id):
        before = stored(db)
        for data in (b"", b"<html><body>Please log in</body></html>", b"\x00\x01\x02" * 50, b"%PDF-1.7"):
            with pytest.raises(InvalidInputError):
                commit(db, user_id, data)
        assert stored(db) == before


class TestOnce:
    def test_importing_twice_is_importing_once(self, db, user_id):
        commit(db, user_id, trades())
        again = commit(db, user_id, trades())
        assert (again.added, again.duplicates, again.effect) == (0, 5, [])
        assert len(load_ledger(db, user_id).transactions) == 5
        assert len(files.list_files(db, user_id)) == 1

    @pytest.mark.parametrize("pair", list(itertools.permutations(("en", "de", "fr", "es"), 2)), ids="-".join)
    def test_the_same_ledger_in_another_language_is_the_same_ledger(self, db, user_id, pair):
        first, second = (commit(db, user_id, trades(language=one)) for one in pair)
        assert (first.added, first.rejected) == (5, [])
        assert (second.added, second.duplicates, second.rejected) == (0, 5, [])

    def test_overlapping_exports_merge(self, db, user_id):
        commit(db, user_id, trades(LEDGER[:3]))
        seen = imports.preview(db, user_id, trades(LEDGER[1:]), "b.csv")
        assert (seen.added, seen.duplicates) == (2, 2)
        commit(db, user_id, trades(LEDGER[1:]))
        whole = commit(db, user_id, trades())
        assert (whole.added, whole.duplicates) == (0, 5)

    def test_two_identical_fills_stay_two_and_are_pointed_out(self, db, user_id):
        twice = (*LEDGER, LEDGER[1])
        seen = imports.preview(db, user_id, trades(twice), "a.csv")
        assert (seen.added, seen.suspected) == (6, [7])
        commit(db, user_id, trades(twice))
        assert commit(db, user_id, trades(twice)).added == 0
        assert commit(db, user_id, trades((*twice, LEDGER[1]))).added == 1

    def test_suspected_rows_can_be_left_out(self, db, user_id):
        twice = (*LEDGER, LEDGER[1])
        assert imports.preview(db, user_id, trades(twice), "a.csv", skip_suspected=True).added == 5
        done = commit(db, user_id, trades(twice), skip_suspected=True)
        assert (done.added, done.suspected) == (5, [7])

    def test_what_was_corrected_or_removed_does_not_come_back(self, db, user_id):
        commit(db, user_id, trades())
        entries = transactions.listing(db, user_id, sort="at", descending=False).entries
        bought = entries[1].transaction
        draft = Draft(bought.at, "trade", received=("0.06", "crypto:BTC"), sent=("2000", "fiat:EUR"))
        transactions.edit(db, user_id, entries[1].id, draft)
        transactions.delete(db, user_id, entries[2].id)
        again = commit(db, user_id, trades())
        assert (again.added, again.duplicates) == (0, 5)
        ledger = load_ledger(db, user_id).transactions
        assert len(ledger) == 4
        assert Decimal("0.06") in {one.received.quantity for one in ledger if one.received}

    def test_the_same_rows_of_two_sources_are_two_events(self, db, user_id):
        commit(db, user_id, trades())
        other = sources.add(db, user_id, "file_crypto")
        assert commit(db, user_id, trades(), source_key=other.key).added == 5


class TestStatements:
    def test_a_statement_becomes_what_the_source_holds_and_brings_its_prices(self, db, user_id):
        first = commit(db, user_id, balance([("BTC", "0.5", "40000"), ("ETH", "2", "2000")]))
        assert (first.added, first.prices, first.is_statement) == (2, 2, True)
        second = commit(db, user_id, balance([("BTC", "0.6", "41000")]))
        assert held(second.effect) == {
            "crypto:BTC": (Decimal("0.5"), Decimal("0.6")),
            "crypto:ETH": (Decimal(2), 0),
        }
        (rows,) = load_ledger(db, user_id).statements.values()
        assert [[line.quantity for line in one.lines] for one in rows] == [
            [Decimal("0.5"), 2],
            [Decimal("0.6")],
        ]
        assert sources.status_of(db, user_id, "cointracking_csv").counts["positions"] == 1

    def test_a_total_after_the_split_by_exchange_keeps_the_split(self, db, user_id):
        by_exchange = (
            b'"Amount","Currency","Current value in USD","Current value in BTC","Exchange"\n'
            b'"0.4","BTC","16000","0.4","Ledger"\n"0.1","BTC","4000","0.1","Kraken"\n"2","ETH","4000","0.1","Kraken"\n'
        )
        commit(db, user_id, by_exchange)
        commit(db, user_id, balance([("BTC", "0.5", "40000"), ("ETH", "3", "2000")]))
        found = portfolio(db, view_of(db, user_id))
        places = {
            (holding.asset.symbol, place.account): place.quantity
            for holding in found.holdings
            for place in holding.positions
        }
        assert places == {
            ("BTC", "Ledger"): Decimal("0.4"),
            ("BTC", "Kraken"): Decimal("0.1"),
            ("ETH", ""): Decimal(3),
        }

    def test_the_same_statement_again_adds_nothing(self, db, user_id):
        data = balance([("BTC", "0.5", "40000"), ("ETH", "2", "2000")])
        commit(db, user_id, data)
        before = stored(db)
        again = commit(db, user_id, data)
        assert (again.added, again.duplicates, again.prices, again.effect) == (0, 2, 0, [])
        assert {**stored(db), "import_batch": 1} == before

    def test_the_same_positions_in_a_newer_file_are_a_newer_statement(self, db, user_id):
        commit(db, user_id, balance([("BTC", "0.5", "40000")]))
        newer = commit(db, user_id, balance([("BTC", "0.5", "50000")]))
        assert (newer.added, newer.prices, newer.effect) == (1, 1, [])

    def test_the_same_file_said_to_be_of_a_later_day_is_a_statement_of_that_day(self, db, user_id):
        data = balance([("BTC", "0.5", "40000")])
        for month in (1, 6):
            of_that_day = ReadOptions(as_of=datetime(2024, month, 1, tzinfo=UTC))
            assert commit(db, user_id, data, options=of_that_day).added == 1
            assert commit(db, user_id, data, options=of_that_day).added == 0
        (rows,) = load_ledger(db, user_id).statements.values()
        assert [one.as_of.month for one in rows] == [1, 6]

    def test_prices_in_a_file_are_its_users_alone(self, db, user_id):
        commit(db, user_id, balance([("BTC", "0.5", "40000")]))
        rows = db.execute(select(DailyPrice)).scalars().all()
        assert {(row.owner, row.provider, row.asset, row.currency, row.price) for row in rows} == {
            (user_id, "file", "crypto:BTC", "EUR", Decimal(40000))
        }

    def test_an_older_statement_does_not_replace_a_newer_one(self, db, user_id):
        new = ReadOptions(as_of=datetime(2024, 6, 1, tzinfo=UTC))
        old = ReadOptions(as_of=datetime(2024, 1, 1, tzinfo=UTC))
        commit(db, user_id, balance([("BTC", "0.5", "40000")]), options=new)
        late = commit(db, user_id, balance([("BTC", "0.3", "30000")]), options=old)
        assert (late.added, late.effect) == (1, [])

    def test_trades_from_before_a_statement_change_nothing_that_is_held(self, db, user_id):
        commit(db, user_id, balance([("BTC", "0.5", "40000")]))
        assert imports.preview(db, user_id, trades(), "export.csv").effect == []
        late = commit(db, user_id, trades())
        assert (late.added, late.effect) == (5, [])
        (row,) = portfolio(db, view_of(db, user_id)).holdings
        assert (row.asset.symbol, row.quantity) == ("BTC", Decimal("0.5"))

    def test_rows_dated_ahead_of_the_clock_are_part_of_the_effect(self, db, user_id):
        days = (datetime.now(UTC) - START).days + 3
        ahead = trades([("Deposit", "7.00", "EUR", "", "", "", "", "Kraken", days)])
        assert held(imports.preview(db, user_id, ahead, "export.csv").effect) == {"fiat:EUR": (0, 7)}


class TestTimeZones:
    PARIS = ReadOptions(time_zone="Europe/Paris")

    def test_the_times_of_a_file_are_read_in_the_zone_that_is_named(self, db, user_id):
        assert imports.preview(db, user_id, trades(), "export.csv").zone == "UTC"
        seen = imports.preview(db, user_id, trades(), "export.csv", options=self.PARIS)
        assert (seen.zone, seen.first_at) == ("Europe/Paris", START - timedelta(hours=1))
        assert imports.preview(db, user_id, balance([("BTC", "1", "40000")]), "export.csv").zone == ""

    @pytest.mark.parametrize("first", ["UTC", "Europe/Paris"])
    def test_importing_twice_in_two_zones_is_importing_once(self, db, user_id, first):
        user_settings.update(db, user_id, time_zone="Europe/Paris")
        before, after = (ReadOptions(), self.PARIS) if first == "UTC" else (self.PARIS, ReadOptions())
        commit(db, user_id, trades(), options=before)
        days = [one.at for one in load_ledger(db, user_id).transactions]
        more = (*LEDGER, ("Deposit", "1.00", "EUR", "", "", "", "", "Kraken", 5))
        again = commit(db, user_id, trades(more), options=after)
        assert (again.added, again.duplicates) == (1, 5)
        assert [(one.code, one.params) for one in again.warnings] == [
            ("import.warn.other_zone", {"count": 5})
        ]
        assert [one.at for one in load_ledger(db, user_id).transactions][:5] == days
        assert commit(db, user_id, trades(more), options=after).added == 0

    def test_once_undone_a_file_can_be_had_in_another_zone(self, db, user_id):
        done = commit(db, user_id, trades())
        imports.undo(db, user_id, done.batch_id)
        again = commit(db, user_id, trades(), options=self.PARIS)
        assert (again.added, again.warnings) == (5, [])


class TestUndo:
    def test_one_click_takes_everything_back(self, db, user_id):
        before = stored(db)
        done = commit(db, user_id, trades())
        undone = imports.undo(db, user_id, done.batch_id)
        assert (undone.transactions, undone.positions, undone.source_key) == (5, 0, "cointracking_csv")
        assert held(undone.effect)["crypto:BTC"] == (Decimal("0.0399"), 0)
        assert load_ledger(db, user_id).transactions == []
        after = stored(db)
        assert {**after, "import_batch": 0, "source_file": 0, "source": after["source"] - 1} == before
        assert imports.batches(db, user_id)[0].undone_at is not None
        with pytest.raises(ConflictError):
            imports.undo(db, user_id, done.batch_id)

    def test_an_undone_file_can_be_imported_again(self, db, user_id):
        for data in (trades(), balance([("BTC", "0.5", "40000")])):
            done = commit(db, user_id, data)
            imports.undo(db, user_id, done.batch_id)
            assert commit(db, user_id, data).added == done.added

    def test_a_statement_gives_way_to_the_one_before(self, db, user_id):
        commit(db, user_id, balance([("BTC", "0.5", "40000")]))
        second = commit(db, user_id, balance([("BTC", "0.6", "41000"), ("SOL", "3", "90")]))
        undone = imports.undo(db, user_id, second.batch_id)
        assert (undone.positions, undone.prices) == (2, 2)
        assert held(undone.effect) == {
            "crypto:BTC": (Decimal("0.6"), Decimal("0.5")),
            "crypto:SOL": (Decimal(3), 0),
        }
        left = db.execute(select(DailyPrice.asset, DailyPrice.price)).all()
        assert left == [("crypto:BTC", Decimal(40000))]

    def test_prices_of_the_trades_go_with_them(self, db, user_id):
        commit(db, user_id, trades(LEDGER[:2]))
        second = commit(db, user_id, trades(LEDGER))
        imports.undo(db, user_id, second.batch_id)
        assert db.execute(select(DailyPrice.asset, DailyPrice.provider)).all() == [("crypto:BTC", "trade")]

    def test_another_users_import_does_not_exist(self, db, user_id):
        done = commit(db, user_id, trades())
        (kept,) = files.list_files(db, user_id)
        eve = accounts.create_user(db, "Eve", PASSWORD).id
        assert imports.batches(db, eve) == []
        assert files.list_files(db, eve) == []
        for act in (
            lambda: imports.undo(db, eve, done.batch_id),
            lambda: files.download(db, eve, kept.id),
            lambda: files.delete_file(db, eve, kept.id),
            lambda: commit(db, eve, trades(), source_key="cointracking_csv"),
        ):
            with pytest.raises(NotFoundError):
                act()
        assert len(load_ledger(db, user_id).transactions) == 5


def test_deleting_a_source_removes_what_it_said_and_its_files(db, user_id, settings):
    commit(db, user_id, balance([("BTC", "0.5", "40000"), ("ETH", "2", "2000")]))
    commit(db, user_id, trades())
    assert sources.what_delete_removes(db, user_id, "cointracking_csv") == {
        "transactions": 5,
        "positions": 2,
        "prices": 2,
        "files": 2,
        "batches": 2,
    }
    sources.delete_source(db, user_id, "cointracking_csv")
    after = stored(db)
    assert {name for name, count in after.items() if count} == {"source"}
    assert not [path for path in settings.uploads_dir.rglob("*") if path.is_file()]


def test_every_change_moves_the_revision(db, user_id):
    seen = [revision_of(db, user_id)]
    done = commit(db, user_id, trades())
    seen.append(revision_of(db, user_id))
    imports.undo(db, user_id, done.batch_id)
    seen.append(revision_of(db, user_id))
    assert seen == sorted(set(seen))


def test_two_imports_at_once_of_one_file_are_one(settings, db, user_id):
    import threading

    from smartfolio_app.storage.engine import session_scope

    commit(db, user_id, trades(LEDGER[:1]))
    added = []

    def go():
        with session_scope() as own:
            added.append(imports.commit(own, user_id, trades(), "a.csv").added)

    threads = [threading.Thread(target=go) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(added) == [0, 0, 4]


def test_an_effect_is_exact(db, user_id):
    tiny = (("Staking", "0.000000000000000001", "ETH", "", "", "", "", "Kraken", 1),) * 3
    assert commit(db, user_id, trades(tiny)).effect == [EffectRow("crypto:ETH", Decimal(0), Decimal("3e-18"))]


def test_identified_rows_keep_the_result_independent_of_the_order(db, user_id):
    """An export with ids, after one without: the rows are the same, and now they have their ids."""
    headings = (*trades().decode().splitlines()[0].split(","), '"Tx-ID"')
    lines = trades().decode().splitlines()[1:]
    with_ids = "\n".join(
        (",".join(headings), *(f'{line},"T{number}"' for number, line in enumerate(lines)))
    ).encode()
    commit(db, user_id, trades())
    again = commit(db, user_id, with_ids)
    assert (again.added, again.duplicates) == (0, 5)
    assert {one.external_id for one in load_ledger(db, user_id).transactions} == {f"T{n}" for n in range(5)}
