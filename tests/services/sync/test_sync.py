"""Live sources against a server that speaks CoinTracking's API: what arrives, once, and what happens when it fails."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from smartfolio_app.errors import ConflictError, InvalidInputError, NotFoundError
from smartfolio_app.ledger.assets import crypto, fiat
from smartfolio_app.ledger.balances import holdings_at
from smartfolio_app.providers.connectors import CredentialsRefusedError, cointracking
from smartfolio_app.providers.errors import ProviderUnreachableError
from smartfolio_app.services import imports, market_data, sources, sync, transactions
from smartfolio_app.services.sync import engine as sync_engine
from smartfolio_app.storage.repo_ledger import read_statements, read_transactions, revision_of
from smartfolio_app.storage.repo_sync import next_nonce, state_of
from smartfolio_app.storage.tables import OutboundCallRow, StatementRow, SyncRun, SyncState, TransactionRow
from tests.loopback.haste import hurry
from tests.services.sync.conftest import ANN, BEN

HEAD = '"Type","Buy","Cur.","Sell","Cur.","Fee","Cur.","Exchange","Group","Comment","Date"'


def export(account, hours=0):
    """The account's own trade table, its times in a zone that many hours ahead of UTC."""
    lines = [HEAD]
    for row in account.trades.values():
        at = datetime.fromtimestamp(int(row["time"]), UTC) + timedelta(hours=hours)
        cells = [row["type"]]
        for side in ("buy", "sell", "fee"):
            cells += [row[f"{side}_amount"].replace(",", ""), row[f"{side}_currency"]]
        cells += [row["exchange"], "", "", f"{at:%d.%m.%Y %H:%M:%S}"]
        lines.append(",".join(f'"{cell}"' for cell in cells))
    return "\n".join(lines).encode()


def ledger(db, user):
    db.expire_all()
    return read_transactions(db, col(TransactionRow.user_id) == user)


def status(db, user, key):
    db.expire_all()
    return sources.status_of(db, user, key)


def test_a_sync_brings_the_trades_and_what_is_held_and_says_what_changed(db, ann, live, synced):
    key = live(ann)
    done = synced(ann, key)
    assert (done.state, done.added, done.duplicates, done.positions) == ("done", 4, 0, 3)
    assert {row.asset: row.after for row in done.effect} == {
        crypto("BTC"): Decimal("0.5"),
        crypto("ETH"): Decimal("1.001"),
        fiat("EUR"): Decimal(2900),
    }
    assert len(ledger(db, ann)) == 4
    seen = status(db, ann, key)
    assert (seen.status, seen.visible, seen.reason) == ("ok", True, "")
    assert seen.last_sync is not None


def test_a_second_sync_brings_nothing_twice_and_costs_no_recomputing(db, ann, live, synced, world):
    key = live(ann)
    synced(ann, key)
    before = revision_of(db, ann)
    again = synced(ann, key)
    assert (again.state, again.added, again.batch_id) == ("done", 0, None)
    assert revision_of(db, ann) == before
    assert len(ledger(db, ann)) == 4
    assert len(imports.batches(db, ann, key)) == 1


def test_a_report_that_changes_nothing_is_no_batch_whatever_else_there_is(db, ann, live, synced, world):
    account = world.world.accounts[ANN["api_key"]]
    key = live(ann)
    first = synced(ann, key)
    # A file told something in a zone ahead of ours: for our clock it is still to come.
    account.trade(9, int(datetime.now(UTC).timestamp()) + 7_200, "Deposit", buy="5 ADA", exchange="Ledger")
    ahead = export(account).decode().splitlines()
    imports.commit(db, ann, "\n".join([ahead[0], ahead[-1]]).encode(), "ahead.csv")
    account.trades.popitem()
    for _ in range(3):
        assert synced(ann, key).batch_id is None
    account.as_list = not account.as_list  # the same, told in another form
    assert synced(ann, key).batch_id is None
    assert [one.id for one in imports.batches(db, ann, key) if one.format == "cointracking_api"] == [
        first.batch_id
    ]


def test_a_report_that_a_new_trade_explains_leaves_the_trade_alone_in_its_batch(db, ann, live, synced, world):
    account = world.world.accounts[ANN["api_key"]]
    key = live(ann)
    synced(ann, key)
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    db.execute(update(StatementRow).values(as_of=an_hour_ago))
    db.commit()
    account.trade(5, int(an_hour_ago.timestamp()) + 60, buy="0.1 BTC", sell="1,000.00 EUR")
    account.places["Kraken"] |= {"BTC": ("0.6", "60,000.00"), "EUR": ("1,900.00", "1.00")}
    done = synced(ann, key)
    assert done.added == 1
    (batch,) = [one for one in imports.batches(db, ann, key) if one.id == done.batch_id]
    assert (batch.added, len(reports(db, ann))) == (1, 1)
    assert held(db, ann)[crypto("BTC")] == Decimal("0.6")
    sync.undo(db, ann, done.id, key)
    assert held(db, ann)[crypto("BTC")] == Decimal("0.5")

    account.places["Kraken"] |= {"BTC": ("0.7", "60,000.00")}  # nothing booked explains that
    assert synced(ann, key).batch_id is not None
    assert held(db, ann)[crypto("BTC")] == Decimal("0.7")


def reports(db, user):
    db.expire_all()
    return [one for found in read_statements(db, col(StatementRow.user_id) == user).values() for one in found]


def held(db, user):
    db.expire_all()
    statements = read_statements(db, col(StatementRow.user_id) == user)
    found = holdings_at(ledger(db, user), statements, datetime.now(UTC))
    return {asset: one.quantity for (_, _, asset), one in found.items()}


@pytest.mark.parametrize("hours", [0, 2], ids=["in UTC", "in local time"])
@pytest.mark.parametrize("first", ["csv", "api"])
def test_the_same_trades_through_csv_and_api_appear_once(db, ann, live, synced, world, first, hours):
    account = world.world.accounts[ANN["api_key"]]
    if first == "csv":
        imports.commit(db, ann, export(account, hours), "trades.csv")
        assert len(ledger(db, ann)) == 4
    key = live(ann)
    outcome = synced(ann, key)
    if first == "api":
        imports.commit(db, ann, export(account, hours), "trades.csv")
    assert len(ledger(db, ann)) == 4
    assert (outcome.added, outcome.duplicates) == ((0, 4) if first == "csv" else (4, 0))
    assert len([one for one in sources.source_status(db, ann).sources if one.configured]) == 3 + 1


def test_a_sync_that_fails_half_way_says_what_it_has_changed(db, ann, live, synced, monkeypatch):
    def down(*_):
        raise ProviderUnreachableError("provider.server_error", provider="cointracking_api", status=500)

    monkeypatch.setattr(cointracking.CoinTracking, "balance", down)
    failed = synced(ann, live(ann))
    assert (failed.state, failed.added) == ("failed", 4)
    effect = json.loads(db.get(SyncRun, failed.id).effect)
    assert effect["crypto:BTC"] == ["0", "0.5"]


def test_equal_fills_stay_two_and_a_shift_is_not_believed_for_one_row(db, ann, live, synced, world):
    account = world.world.accounts[ANN["api_key"]]
    account.trades.clear()
    account.trade(1, 1_700_000_000, buy="1 ADA", sell="0.40 EUR")
    account.trade(2, 1_700_000_000, buy="1 ADA", sell="0.40 EUR")
    imports.commit(db, ann, export(account), "trades.csv")
    account.trade(3, 1_700_007_200, buy="1 ADA", sell="0.40 EUR")  # two hours later, by chance the same
    key = live(ann)
    assert synced(ann, key).added == 1
    assert len(ledger(db, ann)) == 3


def test_a_sync_can_be_taken_back_and_then_waits_for_its_owner(db, ann, live, synced):
    key = live(ann)
    done = synced(ann, key)
    undone = sync.undo(db, ann, done.id)
    assert undone.transactions == 4
    assert ledger(db, ann) == []
    how = sync.connection(db, ann, key)
    assert (how.every_minutes, how.next_at) == (0, None)
    with pytest.raises(ConflictError):
        sync.undo(db, ann, done.id)
    assert synced(ann, key).added == 4


def test_two_people_never_share_a_key_an_answer_or_a_budget(db, ann, ben, live, synced, world):
    first, second = live(ann, ANN), live(ben, BEN)
    assert (synced(ann, first).added, synced(ben, second).added) == (4, 1)
    assert {one.received.asset for one in ledger(db, ben)} == {crypto("ADA")}
    mine, theirs = sync.connection(db, ann, first), sync.connection(db, ben, second)
    assert (mine.calls_left, theirs.calls_left) == (20 - 4, 20 - 4)  # one to try the key, three to sync
    assert {call.key for call in world.world.calls} == {ANN["api_key"], BEN["api_key"]}
    for _ in range(2):
        synced(ann, first)
    db.expire_all()
    assert sync.connection(db, ben, second).calls_left == 20 - 4
    for act in (
        lambda: sync.start(db, ben, first + "_2"),
        lambda: sync.undo(db, ben, sync.history(db, ann, first)[-1].id),
    ):
        with pytest.raises(NotFoundError):
            act()


def test_one_key_in_two_hands_has_one_budget_and_two_sets_of_answers(db, ann, ben, live):
    first, second = live(ann, ANN), live(ben, ANN)
    assert sync.connection(db, ann, first).calls_left == sync.connection(db, ben, second).calls_left == 18
    gateway = market_data.market().gateway
    clients = [one for one in gateway.clients() if one.provider == cointracking.ID]
    assert len(clients) == 2
    assert clients[0].window is clients[1].window


def test_the_budget_is_never_exceeded_and_the_sync_goes_on_when_it_is_free(db, ann, live, world, synced):
    key = live(ann)
    last = None
    for _ in range(8):
        last = synced(ann, key)
        if last.state == "waiting":
            break
    assert last.state == "waiting"
    assert last.retry_at > datetime.now(UTC)
    assert len(world.world.calls) == 20
    assert sync.start(db, ann, key).id == last.id  # asking for it does not spend what is not there
    assert sync.wait()
    assert len(world.world.calls) == 20
    seen = status(db, ann, key)
    assert seen.status == "stale"
    assert "CoinTracking" in seen.reason
    # The hour is over.
    market_data.market().gateway.clock = lambda: datetime.now(UTC).timestamp() + 3700
    for account in world.world.accounts.values():
        account.calls.clear()
    db.execute(OutboundCallRow.__table__.delete())
    for run in db.execute(select(SyncRun).where(col(SyncRun.state) == "waiting")).scalars():
        run.retry_at = datetime.now(UTC) - timedelta(seconds=1)
        db.add(run)
    db.commit()
    assert sync.tick(db) == 1
    assert sync.wait()
    assert status(db, ann, key).status == "ok"


def test_the_budget_survives_a_restart(db, ann, live, synced):
    key = live(ann)
    synced(ann, key)
    market_data.close()
    assert sync.connection(db, ann, key).calls_left == 16


TROUBLES = [
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 502, "body": "<html>bad gateway</html>"},
    {"kind": "dropped"},
    {"kind": "truncated"},
    {"kind": "slow", "seconds": 0.8},
    {"kind": "garbage"},
    {"kind": "html"},
    {"kind": "body", "body": "[]"},
    {"kind": "body", "body": '{"success": 1, "result": "?"}'},
    {"kind": "body", "body": '{"success": 0, "error": "ODD", "error_msg": "ERROR: Something odd"}'},
    {"kind": "status", "status": 403, "body": "forbidden"},
    {"kind": "status", "status": 429, "headers": {"retry-after": "1"}},
]


@pytest.mark.parametrize(
    "trouble", TROUBLES, ids=[f"{one['kind']}-{index}" for index, one in enumerate(TROUBLES)]
)
def test_whatever_goes_wrong_what_is_known_stays_and_the_next_sync_mends_it(
    db, ann, live, synced, world, trouble
):
    key = live(ann)
    synced(ann, key)
    world.trouble(**trouble)
    if trouble["kind"] == "slow":
        hurry(market_data.market().gateway)
    failed = synced(ann, key)
    assert failed.state in ("failed", "waiting")
    assert failed.error is not None
    seen = status(db, ann, key)
    assert (seen.status, seen.visible) == ("stale", True)
    assert len(seen.reason) > 20
    assert not seen.reason.startswith("error.")
    assert len(ledger(db, ann)) == 4
    world.behave()
    market_data.close()
    db.execute(OutboundCallRow.__table__.delete())
    db.execute(SyncRun.__table__.update().where(SyncRun.__table__.c.state == "waiting").values(retry_at=None))
    db.commit()
    synced(ann, key)
    assert status(db, ann, key).status == "ok"


def test_a_broken_answer_never_empties_an_account(db, ann, live, synced, world):
    key = live(ann)
    synced(ann, key)
    world.trouble("body", path="Balance", body='{"success": 1, "details": 7}')
    assert synced(ann, key).state == "failed"
    assert sync.reconciliation(db, ann, key).gaps == ()


def test_a_sync_that_died_goes_on_where_it_stopped(db, ann, live, world, monkeypatch):
    monkeypatch.setattr(cointracking, "TRADES_A_PAGE", 2)
    key = live(ann)
    world.trouble("status", path="getBalance", status=400)
    run = sync.start(db, ann, key)
    assert sync.wait()
    # As if the process had been killed: under way, in the hands of one that is gone.
    db.expire_all()
    row, state = db.get(SyncRun, run.id), db.get(SyncState, sources.find(db, ann, key).id)
    assert json.loads(state.cursor)["trades_done"] is True
    row.state, row.finished_at, row.error = "running", None, ""
    host = sync_engine._engine._owner.split(":")[0]
    state.owner, state.owner_until = f"{host}:999999999:dead", datetime.now(UTC) + timedelta(hours=1)
    state.next_at = None
    db.add(row)
    db.add(state)
    db.commit()
    world.behave()
    asked = len([one for one in world.methods if one == "getTrades"])
    assert sync.tick(db) == 1
    assert sync.wait()
    db.expire_all()
    done = sync.history(db, ann, key)[0]
    assert (done.id, done.state, done.added) == (run.id, "done", 4)
    assert len([one for one in world.methods if one == "getTrades"]) == asked
    assert len(imports.batches(db, ann, key)) == 1


def test_a_sync_that_another_living_process_does_is_left_to_it(db, ann, live, world):
    key = live(ann)
    source = sources.find(db, ann, key)
    state = state_of(db, source.id)
    state.owner, state.owner_until = "elsewhere:1:x", datetime.now(UTC) + timedelta(minutes=1)
    db.add(state)
    db.commit()
    sync.start(db, ann, key)
    assert sync.wait()
    assert sync.history(db, ann, key)[0].state == "queued"
    assert "getTrades" not in world.methods
    state.owner_until = datetime.now(UTC) - timedelta(seconds=1)
    db.add(state)
    db.commit()
    sync.tick(db)
    assert sync.wait()
    db.expire_all()
    assert sync.history(db, ann, key)[0].state == "done"


def test_starting_twice_is_one_sync(db, ann, live, world):
    world.world.delay = 0.1
    key = live(ann)
    runs = {sync.start(db, ann, key).id for _ in range(3)}
    assert len(runs) == 1
    assert sync.wait()
    assert world.methods.count("getTrades") == 1


def test_a_sync_is_stopped_and_what_arrived_stays(db, ann, live, world, monkeypatch):
    monkeypatch.setattr(cointracking, "TRADES_A_PAGE", 2)
    world.world.delay = 0.15
    key = live(ann)
    sync.start(db, ann, key)
    assert sync.cancel(db, ann, key).stopping
    assert sync.wait()
    db.expire_all()
    stopped = sync.history(db, ann, key)[0]
    assert stopped.state == "cancelled"
    assert stopped.added < 4
    with pytest.raises(NotFoundError):
        sync.cancel(db, ann, key)
    world.world.delay = 0.0
    sync.start(db, ann, key)
    assert sync.wait()
    assert len(ledger(db, ann)) == 4


def test_what_is_due_is_synced_by_itself_and_what_is_not_is_left(db, ann, ben, live, world):
    key, other = live(ann, ANN), live(ben, BEN)
    sync.set_schedule(db, ben, other, 0)
    assert sync.tick(db) == 1
    assert sync.wait()
    db.expire_all()
    assert sync.history(db, ann, key)[0].trigger == "schedule"
    assert sync.history(db, ben, other) == []
    due = sync.connection(db, ann, key).next_at - datetime.now(UTC)
    assert timedelta(minutes=58) < due < timedelta(minutes=63)
    assert sync.tick(db) == 0
    with pytest.raises(InvalidInputError):
        sync.set_schedule(db, ann, key, 1)


def test_a_source_that_is_switched_off_is_not_synced(db, ann, live, world):
    key = live(ann)
    sources.set_active(db, ann, key, active=False)
    assert sync.tick(db) == 0
    assert "getTrades" not in world.methods


def test_deleting_a_source_under_way_ends_its_sync(db, ann, live, world):
    world.world.delay = 0.1
    key = live(ann)
    sync.start(db, ann, key)
    sources.delete_source(db, ann, key)
    assert sync.wait()
    assert ledger(db, ann) == []
    assert db.execute(select(SyncRun)).all() == []


# ------------------------------------------------------------------------------------------------- credentials
def test_a_live_source_is_visible_exactly_when_its_credentials_are_in_the_vault(db, ann, online, world):
    offered = {one.key: one for one in sources.source_status(db, ann).sources}["cointracking_api"]
    assert (offered.configured, offered.visible) == (False, False)
    assert offered.reason
    key = sources.add(db, ann, "cointracking_api").key
    before = status(db, ann, key)
    assert (before.visible, before.status) == (False, "not_configured")
    assert before.reason
    sync.connect(db, ann, key, ANN, begin=False)
    assert status(db, ann, key).visible
    sync.disconnect(db, ann, key)
    after = status(db, ann, key)
    assert (after.visible, after.status) == (False, "not_configured")
    with pytest.raises(ConflictError):
        sync.start(db, ann, key)


def test_credentials_are_shown_by_their_last_four_characters_and_dates_alone(db, ann, live, caplog):
    key = live(ann)
    told = sync.connection(db, ann, key)
    assert [(one.field, one.hint, one.is_set) for one in told.credentials] == [
        ("api_key", "-ann", True),
        ("api_secret", "-ann", True),
    ]
    assert ANN["api_secret"] not in repr(told)
    rows = db.connection().exec_driver_sql("SELECT * FROM credential").fetchall()
    assert len(rows) == 2
    assert all(ANN["api_secret"] not in str(row) and ANN["api_key"] not in str(row) for row in rows)
    for table in ("audit_entry", "source", "sync_state", "sync_run", "outbound_call", "user_settings"):
        text = str(db.connection().exec_driver_sql(f"SELECT * FROM {table}").fetchall())
        assert ANN["api_secret"] not in text
        assert ANN["api_key"] not in text
    assert ANN["api_secret"] not in caplog.text


def test_a_refused_key_is_not_stored_and_one_that_cannot_be_tried_is(db, ann, online, world):
    key = sources.add(db, ann, "cointracking_api").key
    with pytest.raises(CredentialsRefusedError):
        sync.connect(db, ann, key, {**ANN, "api_secret": "wrong-wrong-wrong"})
    assert not sync.connection(db, ann, key).connected
    for bad in ({"api_key": "x"}, {**ANN, "more": "y"}, {**ANN, "api_key": "ключ"}, {}):
        with pytest.raises(InvalidInputError):
            sync.connect(db, ann, key, bad)
    world.trouble("status", status=503)
    kept = sync.connect(db, ann, key, ANN)
    assert kept.connection.connected
    assert kept.check is None
    assert kept.problem is not None


def test_one_key_is_not_read_twice_for_one_person(db, ann, ben, live, world):
    key = live(ann)
    with pytest.raises(ConflictError) as refused:
        sync.connect_new(db, ann, "cointracking_api", ANN, separate=True, begin=False)
    assert (refused.value.code, refused.value.params["source"]) == ("credential.same_key", "CoinTracking")
    assert [
        one.key for one in sources.source_status(db, ann).sources if one.provider == "cointracking_api"
    ] == [key]
    sync.connect(db, ann, key, ANN, begin=False)  # its own key again is no second one
    assert live(ben, ANN), "what somebody else keeps is nobody's business"


def test_testing_says_what_a_key_may_do_and_keeps_nothing(db, ann, online):
    key = sources.add(db, ann, "cointracking_api").key
    found = sync.check(db, ann, key, ANN)
    assert (found.ok, found.may_trade, found.may_withdraw) == (True, False, False)
    assert not sync.connection(db, ann, key).connected
    with pytest.raises(ConflictError):
        sync.check(db, ann, key)


def test_an_account_filled_from_files_becomes_live_and_goes_back(db, ann, live, synced, world):
    imports.commit(db, ann, export(world.world.accounts[ANN["api_key"]]), "trades.csv")
    key = live(ann)
    assert key == "cointracking_csv"
    assert status(db, ann, key).kind == "api"
    synced(ann, key)
    sync.disconnect(db, ann, key)
    back = status(db, ann, key)
    assert (back.kind, back.visible) == ("csv", True)


def test_another_account_can_be_kept_apart(db, ann, live, world):
    imports.commit(db, ann, export(world.world.accounts[ANN["api_key"]]), "trades.csv")
    assert live(ann, separate=True) == "cointracking_api"


def test_a_source_of_files_is_no_live_source(db, ann, online):
    for act in (
        lambda: sync.start(db, ann, "manual_crypto"),
        lambda: sync.connect(db, ann, "manual_crypto", ANN),
        lambda: sync.check(db, ann, "manual_crypto", ANN),
    ):
        with pytest.raises(InvalidInputError):
            act()


def test_nonces_grow_whoever_asks(settings):
    seen = [next_nonce("p", "k") for _ in range(50)]
    assert seen == sorted(set(seen))
    assert next_nonce("p", "other") < seen[-1] + 10_000


# ---------------------------------------------------------------------------------------------- reconciliation
def test_reconciliation_names_each_gap_and_one_click_closes_it(db, ann, live, synced, world):
    account = world.world.accounts[ANN["api_key"]]
    account.places["Kraken"]["ETH"] = ("1.0105", "3,000.00")
    account.places["Kraken"]["DOT"] = ("12", "5.00")
    key = live(ann)
    synced(ann, key)
    found = sync.reconciliation(db, ann, key)
    assert found.agreed == 2
    assert {gap.asset: (gap.cause, gap.difference) for gap in found.gaps} == {
        crypto("DOT"): ("no_history", Decimal(12)),
        crypto("ETH"): ("rewards", Decimal("0.0095")),
    }
    held_before = {row.asset: row.after for row in sync.history(db, ann, key)[0].effect}
    for gap in found.gaps:
        sync.close_gap(db, ann, key, gap.asset)
    assert sync.reconciliation(db, ann, key).gaps == ()
    assert held_before[crypto("DOT")] == 12
    with pytest.raises(NotFoundError):
        sync.close_gap(db, ann, key, crypto("DOT"))
    correction = next(one for one in imports.batches(db, ann, key) if one.format == "correction")
    imports.undo(db, ann, correction.id)
    assert len(sync.reconciliation(db, ann, key).gaps) == 1
    assert transactions.listing(db, ann).total == 5
