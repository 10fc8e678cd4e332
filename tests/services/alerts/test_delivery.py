"""Messages reach real servers on loopback: signed, retried, kept back in quiet hours, and never twice by mistake."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from sqlalchemy import select
from sqlmodel import col

from smartfolio_app.errors import ConflictError, InvalidInputError, NotFoundError
from smartfolio_app.services import accounts, brief, demo, health, sources, transactions, user_settings
from smartfolio_app.services.alerts import channels, delivery, inbox, judging, outbox, rules, words
from smartfolio_app.services.alerts.channels import Choices
from smartfolio_app.services.alerts.outbox import Times
from smartfolio_app.services.transaction_drafts import Draft
from smartfolio_app.settings import load_settings
from smartfolio_app.storage import engine
from smartfolio_app.storage.tables import AlertChannel, AlertDelivery, AlertSettings, SourceRow, SyncState
from tests.loopback.mail import Letters, MailServer
from tests.services.alerts.conftest import Received, priced

SECRET = "a shared secret of ours"
LOW = {"asset": "crypto:BTC", "side": "above", "level": "90"}


@pytest.fixture
def hook(db, holder, private, receiver):
    """The holder's webhook."""
    fields = {"url": f"{receiver.address}/in?key=hidden", "secret": SECRET}
    return channels.add(db, holder, "webhook", fields, Choices(label="Program"))


def deliveries(db, user_id: str) -> list[outbox.DeliveryView]:
    return outbox.log_of(db, user_id)


def row_of(db, user_id: str) -> AlertDelivery:
    wanted = select(AlertDelivery).where(col(AlertDelivery.user_id) == user_id)
    return db.execute(wanted.execution_options(populate_existing=True)).scalars().one()


# --------------------------------------------------------------------------------------------------------- webhook
def is_signed(got: Received, secret: str) -> bool:
    """Tell what a receiver tells: whether a message is what somebody with the secret sent."""
    signed = got.headers["x-smartfolio-timestamp"].encode() + b"." + got.body
    expected = "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(got.headers["x-smartfolio-signature"], expected)


def test_an_alert_reaches_the_webhook_signed(db, holder, hook, receiver):
    rules.add(db, holder, "price", LOW)
    assert delivery.send_due(db) == 1
    (got,) = receiver.got
    assert got.path == "/in?key=hidden"
    signed = got.headers["x-smartfolio-timestamp"].encode() + b"." + got.body
    assert is_signed(got, SECRET)
    assert signed.startswith(str(int(got.headers["x-smartfolio-timestamp"])).encode() + b".{")
    # Whoever changes a letter of it, sends it again later, or guesses the secret, is found out.
    assert not is_signed(replace(got, body=got.body.replace(b"100.00", b"900.00")), SECRET)
    later = got.headers | {"x-smartfolio-timestamp": str(int(got.headers["x-smartfolio-timestamp"]) + 300)}
    assert not is_signed(replace(got, headers=later), SECRET)
    assert not is_signed(got, SECRET + "!")
    assert got.json["type"] == "alerts"
    assert got.json["text"] == "BTC is at €100.00, above €90.00."
    (told,) = got.json["alerts"]
    assert (told["kind"], told["subject"], told["severity"]) == ("price", "crypto:BTC", "info")
    (logged,) = deliveries(db, holder)
    assert (logged.state, logged.attempts, logged.id) == ("done", 1, got.headers["x-smartfolio-delivery"])
    assert delivery.send_due(db) == 0
    assert channels.listed(db, holder)[0].worked_at is not None


def test_what_is_found_at_once_is_one_message_and_amounts_can_be_left_out(db, holder, hook, receiver):
    rules.add(db, holder, "coverage", {"limit": "0.5"})
    rules.add(db, holder, "large_flow", {"amount": "1", "days": "31"})
    channels.change(db, holder, hook.id, Choices(label="Program", private=True))
    outbox.tell(db, holder, [one.id for one in inbox.listed(db, holder)], datetime.now(UTC))
    db.commit()
    rules.add(db, holder, "price", LOW)
    rules.add(db, holder, "price", LOW | {"level": "80"})
    delivery.send_due(db)
    assert {len(one.json["alerts"]) for one in receiver.got} == {1}
    assert not any("€1" in one.json["text"] and "worth" in one.json["text"] for one in receiver.got)


def test_a_failing_receiver_is_tried_again_with_growing_pauses_then_given_up(db, holder, hook, receiver):
    receiver.answers += [503] * 20
    rules.add(db, holder, "price", LOW)
    now = datetime.now(UTC)
    pauses = []
    for _ in range(len(delivery.PAUSES) + 3):
        if not delivery.send_due(db, now):
            break
        row = row_of(db, holder)
        pauses.append(row.next_at - now)
        now = row.next_at
    assert tuple(pauses[: len(delivery.PAUSES)]) == delivery.PAUSES
    row = row_of(db, holder)
    assert (row.state, row.error, len(receiver.got)) == ("failed", "notice.refused", len(delivery.PAUSES) + 1)
    assert {one.headers["x-smartfolio-delivery"] for one in receiver.got} == {row.id}
    # ... and administrators see it.
    found = [one for one in health.examine(private_settings()) if one.code == "notices.failing"]
    assert [one.params["channel"] for one in found] == ["Program"]
    assert "503" in found[0].what("en")
    receiver.answers.clear()
    assert delivery.test(db, holder, hook.id).state == "done"
    assert not [one for one in health.examine(private_settings()) if one.code == "notices.failing"]


def private_settings():
    return engine.current_settings()


@pytest.mark.parametrize(("status", "code"), [(410, "notice.refused"), (302, "notice.redirected")])
def test_what_is_refused_for_good_or_sent_elsewhere_is_not_tried_again(
    db, holder, hook, receiver, status, code
):
    receiver.answers.append(status)
    receiver.headers["location"] = f"{receiver.address}/elsewhere"
    rules.add(db, holder, "price", LOW)
    delivery.send_due(db)
    (logged,) = deliveries(db, holder)
    assert (logged.state, logged.error, len(receiver.got)) == ("failed", code, 1)


def test_a_message_that_breaks_in_an_unforeseen_way_is_given_up_in_the_end(db, holder, hook, monkeypatch):
    def broken(*_arguments):
        raise RuntimeError("never seen before")

    monkeypatch.setattr(type(delivery.channel_of("webhook")), "send", broken)
    rules.add(db, holder, "price", LOW)
    now = datetime.now(UTC)
    for _ in range(len(delivery.PAUSES) + 1):
        assert delivery.send_due(db, now) == 1
        now = row_of(db, holder).next_at
    assert (row_of(db, holder).state, row_of(db, holder).error) == ("failed", "notice.unforeseen")


def test_one_process_alone_sends_a_message(db, holder, hook, receiver):
    rules.add(db, holder, "price", LOW)
    row = row_of(db, holder)
    now = datetime.now(UTC)
    assert [delivery.send(db, row.id, now) for _ in range(3)] == [True, False, False]
    assert len(receiver.got) == 1


# ---------------------------------------------------------------------------------------------- quiet hours, truth
def test_in_quiet_hours_nothing_is_sent_and_what_is_over_by_then_is_never_told(db, holder, hook, receiver):
    user_settings.update(db, holder, time_zone="Asia/Tokyo")
    local = datetime.now(UTC) + timedelta(hours=9)
    minute = local.hour * 60 + local.minute
    begin, end = (minute - 60) % 1440, (minute + 120) % 1440
    outbox.set_times(db, holder, Times(begin, end))
    rules.add(db, holder, "price", LOW)
    assert delivery.send_due(db) == 0
    assert inbox.waiting(db, holder) == 1  # on the page it is there at once
    due = row_of(db, holder).next_at
    assert timedelta(minutes=60) < due - datetime.now(UTC) <= timedelta(minutes=120)
    priced(db, holder, "50")
    judging.judge(db, holder)
    assert delivery.send_due(db, due) == 1
    assert receiver.got == []
    (logged,) = deliveries(db, holder)
    assert (logged.state, logged.error) == ("dropped", "notice.no_longer_true")


def test_times_are_those_of_a_day(db, holder):
    for wrong in (Times(quiet_from=1440, quiet_until=0), Times(quiet_from=60), Times(brief_at=-1)):
        with pytest.raises(InvalidInputError):
            outbox.set_times(db, holder, wrong)
    assert outbox.set_times(db, holder, Times(1320, 420, 450)) == outbox.times(db, holder)


def test_a_seen_alert_and_a_disabled_owner_are_not_told(db, holder, hook, receiver):
    rules.add(db, holder, "price", LOW)
    inbox.acknowledge(db, holder, inbox.listed(db, holder)[0].id)
    delivery.send_due(db)
    rules.add(db, holder, "price", LOW | {"level": "80"})
    accounts.create_user(db, "boss", "correct horse battery", admin=True)
    accounts.disable(db, holder)
    delivery.send_due(db)
    assert receiver.got == []
    assert {one.error for one in deliveries(db, holder)} == {"notice.no_longer_true", "notice.nobody"}


def test_a_channel_that_rests_or_takes_the_brief_alone_gets_no_alert(db, holder, hook, receiver):
    for choices in (Choices(active=False), Choices(alerts=False, brief=True)):
        channels.change(db, holder, hook.id, choices)
        for one in rules.listed(db, holder):
            rules.delete(db, holder, one.id)
        rules.add(db, holder, "price", LOW)
        assert inbox.waiting(db, holder) == 1
        delivery.send_due(db)
    assert (receiver.got, deliveries(db, holder)) == ([], [])


def test_amounts_stay_at_home_where_a_channel_is_private(db, holder, hook, receiver):
    channels.change(db, holder, hook.id, Choices(private=True))
    rules.add(db, holder, "large_flow", {"amount": "1", "days": "31"})
    wallet = sources.add(db, holder, "file_crypto", "Wallet", separate=True).key
    at = datetime.now(UTC) - timedelta(hours=3)
    gift = Draft(at=at, kind="deposit", received=("2", "crypto:BTC"), value=("170", "fiat:EUR"))
    transactions.add(db, holder, wallet, gift)
    judging.judge(db, holder)
    delivery.send_due(db)
    (got,) = receiver.got
    assert "170" not in got.body.decode()
    assert "•" in got.json["text"]


def test_the_worst_is_told_first_and_decides_how_loudly(db, holder, hook, receiver):
    rules.add(db, holder, "price", LOW | {"level": "500"})
    live = sources.add(db, holder, "cointracking_api", "Account")
    row = db.execute(select(SourceRow).where(col(SourceRow.key) == live.key)).scalar_one()
    tried = datetime.now(UTC)
    rules.add(db, holder, "failed_sync", {"times": "2"})
    db.add(SyncState(source_id=row.id, user_id=holder, failures=3, error="provider.timeout", tried_at=tried))
    priced(db, holder, "600")
    db.commit()
    assert judging.judge(db, holder).opened == 2
    delivery.send_due(db)
    (got,) = receiver.got
    assert [one["severity"] for one in got.json["alerts"]] == ["error", "info"]
    first, second = got.json["text"].splitlines()
    assert first.startswith("Account could not be synced")
    assert second.startswith("BTC is at")


def test_the_log_of_deliveries_forgets_what_is_old_and_nothing_that_waits(db, holder, hook, receiver):
    rules.add(db, holder, "price", LOW)
    delivery.send_due(db)
    now = datetime.now(UTC)
    assert outbox.sweep(db, now) == 0
    receiver.answers.append(503)
    rules.add(db, holder, "price", LOW | {"level": "80"})
    delivery.send_due(db)
    assert [one.state for one in deliveries(db, holder)].count("waiting") == 1
    assert outbox.sweep(db, now + outbox.KEPT + timedelta(hours=1)) == 1
    assert [one.state for one in deliveries(db, holder)] == ["waiting"]


# ------------------------------------------------------------------------------------------------------------- ntfy
def test_an_alert_reaches_ntfy_with_its_token(db, holder, private, receiver):
    fields = {"server": receiver.address, "topic": "household-1", "token": "tk_secret"}
    channels.add(db, holder, "ntfy", fields, Choices())
    rules.add(db, holder, "coverage", {"limit": "1"})
    rules.add(db, holder, "price", LOW)
    delivery.send_due(db)
    (got,) = receiver.got
    assert got.headers["authorization"] == "Bearer tk_secret"
    assert got.json["topic"] == "household-1"
    assert got.json["message"] == "BTC is at €100.00, above €90.00."
    assert got.json["priority"] == 3


# ----------------------------------------------------------------------------------------------------------- e-mail
@pytest.fixture
def mail(settings):
    """A mail server on loopback, and settings that name it."""
    letters = Letters()
    server = MailServer(letters)
    server.start()
    engine.configure(
        load_settings(
            data_dir=settings.data_dir,
            database_url=settings.database_url,
            offline=True,
            smtp_host="127.0.0.1",
            smtp_port=server.port,
            smtp_security="none",
            smtp_from="alerts@example.org",
        )
    )
    yield letters
    engine.configure(settings)
    server.stop()


def test_an_alert_arrives_by_e_mail_in_the_owners_language(db, holder, mail):
    user_settings.update(db, holder, language="fr")
    channels.add(db, holder, "email", {"to": "anna@example.org"}, Choices())
    rules.add(db, holder, "price", LOW)
    delivery.send_due(db)
    ((_, letter),) = mail.got
    assert (letter.mail_from, letter.rcpt_tos) == ("alerts@example.org", ["anna@example.org"])
    text = letter.content.decode()
    assert "Auto-Submitted: auto-generated" in text
    assert "To: anna@example.org" in text
    read = message_from_bytes(letter.content, policy=default)
    writer = delivery.writer_of(db, holder, private=False)
    (alert,) = inbox.listed(db, holder)
    said = words.sentence(alert.kind, alert.says, alert.figures, writer)
    assert said.startswith("BTC est à ")
    assert read["Subject"] == " ".join(said.split())
    assert read.get_content().strip() == said
    assert deliveries(db, holder)[0].state == "done"


def test_a_mail_server_that_refuses_for_now_is_asked_again(db, holder, mail):
    channels.add(db, holder, "email", {"to": "anna@example.org"}, Choices())
    mail.answer = "451 later"
    rules.add(db, holder, "price", LOW)
    delivery.send_due(db)
    assert (row_of(db, holder).state, row_of(db, holder).error) == ("waiting", "notice.mail_refused")
    mail.answer = "250 OK"
    delivery.send_due(db, row_of(db, holder).next_at)
    assert len(mail.got) == 1


def test_without_a_mail_server_there_is_no_e_mail(db, holder):
    with pytest.raises(InvalidInputError):
        channels.add(db, holder, "email", {"to": "anna@example.org"}, Choices())


# --------------------------------------------------------------------------------------------------------- channels
def test_what_a_channel_is_told_is_in_the_vault_alone(db, holder, hook, receiver, settings):
    assert (hook.shown, set(hook.set)) == ("127.0.0.1", {"url", "secret"})
    assert SECRET not in repr(channels.listed(db, holder))
    db.connection().exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)") if not settings.database_url else None
    stored = b"".join(path.read_bytes() for path in settings.data_dir.glob("smartfolio.sqlite*"))
    assert b"hidden" not in stored
    assert SECRET.encode() not in stored
    # A new address keeps the secret; another's channel does not exist.
    channels.change(db, holder, hook.id, Choices(), {"url": f"{receiver.address}/other", "secret": ""})
    assert delivery.test(db, holder, hook.id).state == "done"
    assert receiver.got[0].path == "/other"
    channels.delete(db, holder, hook.id)
    assert db.get(AlertChannel, hook.id) is None


def test_channels_are_their_owners(db, holder, hook, other):
    for act in (
        lambda: channels.change(db, other, hook.id, Choices()),
        lambda: channels.delete(db, other, hook.id),
        lambda: delivery.test(db, other, hook.id),
    ):
        with pytest.raises(NotFoundError):
            act()


def test_there_are_so_many_tests_an_hour_and_the_sample_user_sends_nothing(db, holder, hook, private):
    for _ in range(delivery.TESTS_AN_HOUR):
        assert delivery.test(db, holder, hook.id).state == "done"
    with pytest.raises(ConflictError):
        delivery.test(db, holder, hook.id)
    user = demo._new_user(db)
    with pytest.raises(ConflictError):
        channels.add(db, user.id, "ntfy", {"topic": "x"}, Choices())


# -------------------------------------------------------------------------------------------------------- the brief
def test_the_brief_goes_out_once_in_its_own_morning(db, holder, hook, receiver):
    channels.change(db, holder, hook.id, Choices(label="Program", alerts=False, brief=True))
    user_settings.update(db, holder, time_zone="Europe/Paris")
    outbox.set_times(db, holder, Times(brief_at=7 * 60 + 30))
    morning = datetime(2026, 6, 10, 5, 29, tzinfo=UTC)  # 7:29 in Paris
    assert brief.hand_out(db, morning) == 0
    assert brief.hand_out(db, morning + timedelta(minutes=1)) == 1
    assert brief.hand_out(db, morning + timedelta(minutes=2)) == 0
    assert brief.hand_out(db, morning + timedelta(days=1, hours=5)) == 0  # too late for a morning
    assert brief.hand_out(db, morning + timedelta(days=2, minutes=5)) == 1
    assert db.get(AlertSettings, holder, populate_existing=True).brief_day.isoformat() == "2026-06-12"
    delivery.send_due(db)
    told = receiver.got[0].json
    assert told["type"] == "brief"
    assert "€100.00" in told["text"]
    assert told["sections"][0]["key"] == "worth"
