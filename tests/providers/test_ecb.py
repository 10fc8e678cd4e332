"""ECB reference rates: the right file for the question, XML and CSV alike, no day invented."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from smartfolio_app.providers import errors
from smartfolio_app.providers.ecb import Ecb, last_fixing_day, read_fixings

XML = """<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"
                 xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
 <gesmes:subject>Reference rates</gesmes:subject>
 <Cube><Cube time="2026-10-30"><Cube currency="USD" rate="1.1172"/><Cube currency="JPY" rate="175.68"/></Cube>
 <Cube time="2026-10-29"><Cube currency="USD" rate="1.1201"/><Cube currency="RUB" rate="N/A"/></Cube></Cube>
</gesmes:Envelope>"""


@pytest.fixture
def today():
    return datetime.now(UTC).date()


def test_the_xml_file_is_read_exactly():
    rates = {(fixing.currency, fixing.day): fixing.rate for fixing in read_fixings(XML.encode())}
    assert rates == {
        ("USD", date(2026, 10, 30)): Decimal("1.1172"),
        ("JPY", date(2026, 10, 30)): Decimal("175.68"),
        ("USD", date(2026, 10, 29)): Decimal("1.1201"),
    }


def test_the_data_portals_csv_is_read_too():
    body = b"KEY,CURRENCY,TIME_PERIOD,OBS_VALUE\nA,AUD,2026-02-17,1.6776\nA,RUB,2026-02-17,\n"
    assert [(f.currency, f.rate) for f in read_fixings(body)] == [("AUD", Decimal("1.6776"))]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>404</body></html>",
        b"<Envelope",
        b"a,b\n1,2\n",
        XML.replace("1.1172", "0").encode(),
        XML.replace("1.1172", "-1").encode(),
        XML.replace("1.1172", "abc").encode(),
        XML.replace("2026-10-30", "yesterday").encode(),
        XML.replace("USD", "DOLLAR").encode(),
        b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
        b"\xff\xfe\x00",
    ],
)
def test_anything_else_is_refused_as_a_whole(body):
    with pytest.raises(ValueError):  # noqa: PT011 - every kind of nonsense has its own words
        read_fixings(body)


def test_the_smallest_file_that_reaches_back_is_asked_for(gateway, server, today):
    ecb = Ecb(gateway, server.ecb_url)
    ecb.latest()
    recent = ecb.since(today - timedelta(days=20), today).value
    ecb.since(today - timedelta(days=900), today)
    assert [path.rpartition("/")[2] for path in server.paths] == [
        "eurofxref-daily.xml",
        "eurofxref-hist-90d.xml",
        "eurofxref-hist.xml",
    ]
    assert min(fixing.day for fixing in recent) >= today - timedelta(days=20)
    assert all(fixing.day.weekday() < 5 for fixing in recent)


def test_the_same_question_within_the_hour_costs_no_call(gateway, server):
    ecb = Ecb(gateway, server.ecb_url)
    ecb.latest()
    assert ecb.latest().cached
    assert len(server.paths) == 1


@pytest.mark.parametrize("path", ["", "/stats/eurofxref", "/service/data"])
def test_each_kind_of_address_works(gateway, server, today, path):
    ecb = Ecb(gateway, server.url + path)
    assert ecb.latest().value
    first = today - timedelta(days=30)
    assert {f.currency for f in ecb.since(first, today).value} == {"USD", "GBP", "CHF", "JPY", "SEK", "CAD"}


def test_a_failing_bank_is_an_error_with_a_name(gateway, server):
    server.trouble("html")
    with pytest.raises(errors.ProviderAnswerError):
        Ecb(gateway, server.ecb_url).latest()


def test_weekends_have_no_fixing():
    assert last_fixing_day(date(2026, 11, 22)) == date(2026, 11, 20)  # Sunday
    assert last_fixing_day(date(2026, 11, 21)) == date(2026, 11, 20)
    assert last_fixing_day(date(2026, 11, 20)) == date(2026, 11, 20)


@pytest.mark.shared
def test_recorded_files_are_read(shared_dir):
    folder = shared_dir / "samples" / "api/ecb"
    daily = read_fixings((folder / "eurofxref-daily.xml").read_bytes())
    assert {f.currency: f.rate for f in daily}["USD"] == Decimal("1.1172")
    recent = read_fixings((folder / "ecb_recent_0.csv").read_bytes())
    assert len({f.day for f in recent}) == 22
