"""Dates: every way of writing them, the order of day and month settled by the column, and never a guess."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartfolio_app.errors import InvalidInputError
from smartfolio_app.providers.csv.base import RowError
from smartfolio_app.providers.csv.dates import DateReader, reader_for, zone_named
from tests.providers.csv.helpers import attempt


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-01-05", at(2024, 1, 5)),
        ("2024-01-05 10:00:00", at(2024, 1, 5, 10)),
        ("2024-01-05T10:00:00Z", at(2024, 1, 5, 10)),
        ("2024-01-05T10:00:00.123456789Z", at(2024, 1, 5, 10, 0, 0, 123456)),
        ("2024-01-05T10:00:00+02:00", at(2024, 1, 5, 8)),
        ("2022-01-25 02:58:40-0800", at(2022, 1, 25, 10, 58, 40)),
        ("2022-01-14 10:35:10 +0000", at(2022, 1, 14, 10, 35, 10)),
        ("2022-01-07 22:41:54 UTC", at(2022, 1, 7, 22, 41, 54)),
        ("2021-03-02 10:36:06 EST", at(2021, 3, 2, 15, 36, 6)),
        ("2024/01/25", at(2024, 1, 25)),
        ("2024.1.5", at(2024, 1, 5)),
        ("20240105", at(2024, 1, 5)),
        ("20240105;101530", at(2024, 1, 5, 10, 15, 30)),
        ("20240105101530", at(2024, 1, 5, 10, 15, 30)),
        ("25/01/2024", at(2024, 1, 25)),
        ("01/25/2024", at(2024, 1, 25)),
        ("1/25/2022, 2:58:40 AM", at(2022, 1, 25, 2, 58, 40)),
        ("12/25/2022, 12:05:00 AM", at(2022, 12, 25, 0, 5)),
        ("25.01.2024 10:00:00", at(2024, 1, 25, 10)),
        ("25-01-24", at(2024, 1, 25)),
        ("05/05/2024", at(2024, 5, 5)),
        ("1-Jan-2025", at(2025, 1, 1)),
        ("01-Jan-25", at(2025, 1, 1)),
        ("5 janvier 2024", at(2024, 1, 5)),
        ("5 févr. 2024 14:30", at(2024, 2, 5, 14, 30)),
        ("5. März 2024", at(2024, 3, 5)),
        ("5 de", None),
        ("Jan. 28, 2022, 12:13 AM", at(2022, 1, 28, 0, 13)),
        ("January 5, 2024", at(2024, 1, 5)),
        ("Wed June 09 2021 04:52:23 GMT+0000", at(2021, 6, 9, 4, 52, 23)),
        ("1659085200", at(2022, 7, 29, 9)),
        ("1659085200000", at(2022, 7, 29, 9)),
        ("1659085200.5", at(2022, 7, 29, 9, 0, 0, 500000)),
        ("31/02/2024", None),
        ("2024-13-01", None),
        ("2024-01-05 25:00:00", None),
        ("1234-01-05", None),
        ("yesterday", None),
        ("2024-01-05 10:00 Mars", None),
        ("x" * 100, None),
    ],
)
def test_a_date_is_read_or_refused(text, moment):
    reader = DateReader("", UTC)
    if moment is None:
        with pytest.raises(RowError) as refused:
            reader(text)
        assert refused.value.reason in {"import.reject.not_a_date", "import.reject.unknown_time_zone"}
    else:
        assert reader(text) == moment


def test_an_empty_cell_is_a_missing_date():
    with pytest.raises(RowError) as refused:
        DateReader("", UTC)("  ")
    assert refused.value.reason == "import.reject.date_missing"


def test_an_abbreviated_zone_with_two_meanings_is_refused():
    with pytest.raises(RowError) as refused:
        DateReader("", UTC)("2024-01-05 10:00:00 IST")
    assert refused.value.reason == "import.reject.unknown_time_zone"
    assert refused.value.params["zone"] == "IST"


@pytest.mark.parametrize(
    ("cells", "order"),
    [
        (["05/04/2024", "25/04/2024"], "dmy"),
        (["05/04/2024", "04/25/2024"], "mdy"),
        (["25/04/2024", "04/25/2024"], ""),
        (["05.04.2024"], "dmy"),
        (["05/04/2024"], ""),
        (["2024-04-05"], ""),
        ([f"{day:02}/02/2024" for day in range(1, 8)] + ["01/03/2024"], "dmy"),
        ([f"02/{day:02}/2024" for day in range(1, 8)] + ["03/01/2024"], "mdy"),
        (["02/01/2024", "02/02/2024", "02/03/2024", "03/01/2024"], ""),
        ([], ""),
    ],
)
def test_the_column_settles_the_order_of_day_and_month(cells, order):
    assert reader_for(cells, UTC).order == order


def test_a_day_that_could_be_a_month_is_refused_and_not_guessed():
    with pytest.raises(RowError) as refused:
        reader_for(["05/04/2024"], UTC)("05/04/2024")
    assert refused.value.reason == "import.reject.ambiguous_date"


def test_the_users_word_on_the_order_wins_but_cannot_make_a_thirteenth_month():
    reader = reader_for(["05/04/2024", "25/04/2024"], UTC, order="mdy")
    assert reader("05/04/2024") == at(2024, 5, 4)
    assert reader("25/04/2024") == at(2024, 4, 25)


def test_headings_in_a_language_that_writes_the_day_first_settle_what_the_cells_do_not():
    assert reader_for(["05/04/2024"], UTC, day_first=True)("05/04/2024") == at(2024, 4, 5)
    assert reader_for(["05/04/2024", "04/25/2024"], UTC, day_first=True)("05/04/2024") == at(2024, 5, 4)


def test_times_without_an_offset_are_in_the_zone_of_the_file():
    reader = DateReader("", ZoneInfo("Europe/Paris"))
    assert reader("2024-01-05 10:00:00") == at(2024, 1, 5, 9)
    assert reader("2024-07-05 10:00:00") == at(2024, 7, 5, 8)
    assert reader("2024-07-05 11:00:00") == at(2024, 7, 5, 9)  # the day is remembered, its offset too
    assert reader("2024-07-05 10:00:00Z") == at(2024, 7, 5, 10)
    assert reader("2024-07-05") == at(2024, 7, 4, 22)
    assert reader.day("2024-07-05").isoformat() == "2024-07-05"


def test_a_date_and_a_time_in_two_cells():
    reader = DateReader("dmy", UTC)
    assert reader.combined("05-01-2024", "10:30") == at(2024, 1, 5, 10, 30)
    assert reader.combined("05-01-2024", "") == at(2024, 1, 5)
    assert reader.combined("05-01-2024", "10:30", ZoneInfo("Europe/Amsterdam")) == at(2024, 1, 5, 9, 30)


def test_day_numbers_of_a_spreadsheet_only_where_it_is_one():
    assert DateReader("", UTC, serials=True)("45297.4791666667") == at(2024, 1, 6, 11, 30)
    assert DateReader("", UTC, serials=True)("45296") == at(2024, 1, 5)
    with pytest.raises(RowError):
        DateReader("", UTC)("45297.4791666667")
    with pytest.raises(RowError):
        DateReader("", UTC, serials=True)("10001")


def test_zones_by_name():
    assert zone_named("") is UTC
    assert zone_named("Europe/Paris") == ZoneInfo("Europe/Paris")
    for name in ("Mars/Olympus", "../etc/passwd", "\x00"):
        with pytest.raises(InvalidInputError) as refused:
            zone_named(name)
        assert refused.value.code == "import.unknown_time_zone"


moments = st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2199, 1, 1)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)


@given(
    st.lists(moments, min_size=1, max_size=12),
    st.sampled_from(
        ["%d.%m.%Y %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S", "%d %b %Y %H:%M:%S", "%Y%m%d;%H%M%S"]
    ),
)
def test_every_moment_survives_every_style(wanted, style):
    cells = [moment.strftime(style) for moment in wanted]
    reader = reader_for(cells, UTC)
    assert [reader(cell) for cell in cells] == wanted


@given(st.lists(moments, min_size=1, max_size=6), st.sampled_from(["%d/%m/%Y", "%m/%d/%Y"]))
def test_slashes_are_read_right_or_refused(wanted, style):
    days = [moment.replace(hour=0, minute=0, second=0) for moment in wanted]
    cells = [day.strftime(style) for day in days]
    settled = any(day.day > 12 for day in days)
    reader = reader_for(cells, UTC)
    for cell, day in zip(cells, days, strict=True):
        read, reason = attempt(reader, cell)
        if settled:
            assert read == day
        else:
            assert read == day if reason is None else reason == "import.reject.ambiguous_date"


@given(st.text(max_size=40))
def test_text_of_any_alphabet_never_breaks_the_reader(text):
    for serials in (False, True):
        moment, reason = attempt(DateReader("dmy", UTC, serials=serials), text)
        assert moment.tzinfo is not None if reason is None else reason.startswith("import.reject.")
