"""Instants out of any locale's text, as aware UTC.

``03/04/2024`` is a day in March or in April. As with numbers, the order of day and month is decided over the whole
column: one ``25/04/2024`` settles it for all. What stays ambiguous is refused with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from smartfolio_app.errors import InvalidInputError
from smartfolio_app.providers.csv.base import RowError

_FIRST_YEAR, _LAST_YEAR = 1900, 2200
#: So many different days are in sequence by chance once in some thousand files.
_ENOUGH_DAYS = 7

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar janvier janv enero ene gennaio gen januari janeiro jän jänner",
            "feb february februar février fevrier févr fevr fév fev febrero febbraio februari fevereiro",
            "mar march märz maerz mär mrz mars marzo maart mrt março marco",
            "apr april avril avr abril abr aprile",
            "may mai mayo maggio mag mei maio",
            "jun june juni juin junio giugno giu junho",
            "jul july juli juillet juil julio luglio lug julho",
            "aug august août aout aoû agosto ago augustus",
            "sep sept september septembre septiembre settembre set setembro",
            "oct october oktober octobre octubre ottobre okt ott outubro out",
            "nov november novembre noviembre novembro",
            "dec december dezember décembre decembre diciembre dicembre dez déc dic dezembro",
        ),
        start=1,
    )
    for name in names.split()
}

#: Abbreviations with one meaning in exchange exports; others are refused rather than guessed.
_ZONES: dict[str, tzinfo] = {name: UTC for name in ("UTC", "GMT", "Z")}  # noqa: C420 (the type is the wider one)
_HOURS = "EST-5 EDT-4 CST-6 CDT-5 MST-7 MDT-6 PST-8 PDT-7 BST+1 CET+1 CEST+2 MEZ+1 MESZ+2 EET+2 EEST+3 JST+9"
_ZONES |= {
    entry.rstrip("+-0123456789"): timezone(timedelta(hours=int(entry.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))))
    for entry in _HOURS.split()
}

_TIME = re.compile(
    r"[T ,;]*"
    r"(?:(?P<hour>\d{1,2})[:h](?P<minute>\d{2})(?:[:m](?P<second>\d{2})(?:[.,](?P<fraction>\d{1,12}))?)?"
    r"|(?P<compact>\d{6}|\d{4}))"
    r"\s*(?P<half>[ap]\.?\s?m\.?)?"
    r"\s*(?P<zone>(?:(?:GMT|UTC)?[+-]\d{1,2}:?\d{0,2})|[A-Z]{1,4})?\s*(?:\([^)]*\))?",
    re.IGNORECASE,
)
_NUMERIC = re.compile(r"(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})\.?")
_YEAR_FIRST = re.compile(r"(\d{4})(\d{2})(\d{2})")
_WEEKDAY = r"(?:[^\W\d_]{2,12}\.?,?\s+)?"
_DAY_MONTH = re.compile(
    rf"{_WEEKDAY}(\d{{1,2}})(?:\.|st|nd|rd|th|er)?[ \-/]*([^\W\d_]{{3,10}})\.?,?[ \-/]*(\d{{4}}|\d{{2}})(?!\d|:)"
)
_MONTH_DAY = re.compile(
    rf"{_WEEKDAY}([^\W\d_]{{3,10}})\.?[ \-](\d{{1,2}})(?:st|nd|rd|th)?,?[ \-](\d{{4}})(?!\d)"
)
_EPOCH = re.compile(r"(\d{9,19})(?:\.(\d+))?")
_SERIAL = re.compile(r"(\d{5})(?:[.,](\d{1,15}))?")
_DAY_PARTS = re.compile(r"(?m)^[^\S\n]*(\d{1,2})([./-])(\d{1,2})\2\d{2,4}")
_SERIAL_ZERO = datetime(1899, 12, 30, tzinfo=UTC)
_EPOCH_ZERO = datetime(1970, 1, 1, tzinfo=UTC)


def zone_named(name: str) -> tzinfo:
    """Return the time zone called ``name`` (IANA).

    Raises:
        InvalidInputError: there is none of that name.
    """
    if name in {"", "UTC"}:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidInputError("import.unknown_time_zone", name=name) from error


class DateReader:
    """Reads the cells of one column; call it with a cell.

    ``order`` is ``"dmy"`` or ``"mdy"`` for numeric dates, empty when the column did not settle it. ``zone`` is that of
    times which tell no offset. ``serials`` allows the day numbers of a spreadsheet.
    """

    def __init__(self, order: str, zone: tzinfo, *, serials: bool = False) -> None:
        self.order = order
        self._zone = zone
        self._utc = zone is UTC
        self._serials = serials
        self._days: dict[str, tuple[int, int, int]] = {}

    def __call__(self, text: str) -> datetime:
        """Return the instant in ``text``.

        Raises:
            RowError: not a date, or one whose day and month cannot be told apart.
        """
        # The shape of almost every row of almost every big file: ten characters of day, a blank, eight of time.
        if len(text) == 19 and text[13] == text[16] == ":":
            day = self._days.get(text[:10])
            if day is not None:
                try:
                    moment = datetime(
                        *day, int(text[11:13]), int(text[14:16]), int(text[17:19]), tzinfo=self._zone
                    )
                except ValueError as error:
                    raise RowError("not_a_date", value=text[:40]) from error
                return moment if self._utc else moment.astimezone(UTC)
        return self._read(text.strip().strip("\u200e\u200f"))

    def day(self, text: str) -> date:
        """Return the calendar day in ``text`` as written, whatever the zone."""
        return self._split(text.strip())[0]

    def combined(self, day: str, time: str, zone: tzinfo | None = None) -> datetime:
        """Return the instant of two cells, one with the day and one with the time of day (may be empty)."""
        if not time.strip():
            return self._moment(self.day(day), (0, 0, 0, 0), zone or self._zone)
        return self._read(f"{day.strip()} {time.strip()}", zone)

    def _read(self, text: str, zone: tzinfo | None = None) -> datetime:
        if not text:
            raise RowError("date_missing")
        if len(text) > 80:
            raise RowError("not_a_date", value=text[:40])
        if _EPOCH.fullmatch(text):
            return self._epoch(text)
        if self._serials and (serial := _SERIAL.fullmatch(text)):
            return self._serial(serial, text, zone or self._zone)
        day, rest = self._split(text)
        if not rest.strip(" ,;.T"):
            return self._moment(day, (0, 0, 0, 0), zone or self._zone)
        match = _TIME.fullmatch(rest)
        if match is None:
            raise RowError("not_a_date", value=text[:40])
        clock = _clock(match, text)
        stated = _zone_of(match["zone"], text) if match["zone"] else None
        moment = self._moment(day, clock, stated or zone or self._zone)
        if stated is None and len(text) == 19 and text[13] == text[16] == ":":
            self._days[text[:10]] = (day.year, day.month, day.day)
        return moment

    def _split(self, text: str) -> tuple[date, str]:
        """Return the day at the start of ``text``, and what follows it."""
        if match := _NUMERIC.match(text):
            return self._numeric(match, text), text[match.end() :]
        if (match := _YEAR_FIRST.match(text)) and not text[8:9].isdigit():
            return _day(int(match[1]), int(match[2]), int(match[3]), text), text[match.end() :]
        if (match := _DAY_MONTH.match(text)) and (month := _MONTHS.get(match[2].casefold())):
            return _day(_full_year(match[3]), month, int(match[1]), text), text[match.end() :]
        if (match := _MONTH_DAY.match(text)) and (month := _MONTHS.get(match[1].casefold())):
            return _day(int(match[3]), month, int(match[2]), text), text[match.end() :]
        raise RowError("not_a_date", value=text[:40])

    def _numeric(self, match: re.Match[str], text: str) -> date:
        first, middle, last = match[1], int(match[3]), match[4]
        if len(first) == 4:
            return _day(int(first), middle, int(last), text)
        if len(first) == 3 or len(last) not in {2, 4}:
            raise RowError("not_a_date", value=text[:40])
        start, year = int(first), _full_year(last)
        if start > 12 >= middle:
            return _day(year, middle, start, text)
        if middle > 12 >= start:
            return _day(year, start, middle, text)
        if self.order == "dmy" or start == middle:
            return _day(year, middle, start, text)
        if self.order == "mdy":
            return _day(year, start, middle, text)
        raise RowError("ambiguous_date", value=text[:40])

    def _moment(self, day: date, clock: tuple[int, int, int, int], zone: tzinfo) -> datetime:
        moment = datetime(day.year, day.month, day.day, *clock, tzinfo=zone)
        return moment if zone is UTC else moment.astimezone(UTC)

    def _epoch(self, text: str) -> datetime:
        whole, _, fraction = text.partition(".")
        digits = len(whole)
        if digits == 14 and whole.startswith(("19", "20")):  # YYYYMMDDhhmmss
            day = _day(int(whole[:4]), int(whole[4:6]), int(whole[6:8]), text)
            hour, minute, second = int(whole[8:10]), int(whole[10:12]), int(whole[12:14])
            if hour > 23 or minute > 59 or second > 59:
                raise RowError("not_a_date", value=text[:40])
            return self._moment(day, (hour, minute, second, 0), self._zone)
        unit = 1 if digits <= 11 else 1_000 if digits <= 14 else 1_000_000 if digits <= 17 else 1_000_000_000
        micro = int(whole) * 1_000_000 // unit
        if fraction and unit == 1:
            micro += int(fraction[:6].ljust(6, "0"))
        return _within(_EPOCH_ZERO + timedelta(microseconds=micro), text)

    def _serial(self, match: re.Match[str], text: str, zone: tzinfo) -> datetime:
        days = int(match[1])
        if not 15_000 <= days <= 110_000:
            raise RowError("not_a_date", value=text[:40])
        # A spreadsheet stores the time as a binary fraction of a day; to the millisecond it is what was typed.
        fraction = round(float(f"0.{match[2]}") * 86_400_000) if match[2] else 0
        moment = _SERIAL_ZERO + timedelta(days=days, milliseconds=fraction)
        return moment.replace(tzinfo=zone).astimezone(UTC)


def reader_for(
    values: Sequence[str],
    zone: tzinfo,
    *,
    order: str | None = None,
    day_first: bool = False,
    serials: bool = False,
) -> DateReader:
    """Return the reader that suits a column.

    ``order`` is the user's or the format's own word and wins. ``day_first`` is weaker evidence (the headings are in a
    language that writes the day first) for a column that does not settle itself.
    """
    if order in {"dmy", "mdy"}:
        return DateReader(order, zone, serials=serials)
    return DateReader(_order_of(values, day_first=day_first), zone, serials=serials)


def _order_of(values: Iterable[str], *, day_first: bool) -> str:
    parts = set(_DAY_PARTS.findall("\n".join(values)))
    if not parts:
        return ""
    first_is_day = any(int(first) > 12 for first, _, _ in parts)
    second_is_day = any(int(second) > 12 for _, _, second in parts)
    if first_is_day != second_is_day:
        return "dmy" if first_is_day else "mdy"
    if first_is_day:  # both: the column contradicts itself
        return ""
    if all(separator == "." for _, separator, _ in parts):  # nobody writes the month first with dots
        return "dmy"
    if day_first:
        return "dmy"
    return _sorted_order(values)


def _sorted_order(values: Iterable[str]) -> str:
    """Return the order under which a log's rows are in sequence, when only one of the two makes them so."""
    found = [
        (int(match[1]), int(match[3]), _full_year(match[4]))
        for value in values
        if (match := _NUMERIC.match(value.strip())) and len(match[1]) < 3 and len(match[4]) in {2, 4}
    ]
    if len(set(found)) < _ENOUGH_DAYS:
        return ""
    day_first = [(year, second, first) for first, second, year in found]
    month_first = [(year, first, second) for first, second, year in found]
    in_sequence = [
        days == sorted(days) or days == sorted(days, reverse=True) for days in (day_first, month_first)
    ]
    if in_sequence[0] == in_sequence[1]:
        return ""
    return "dmy" if in_sequence[0] else "mdy"


def _full_year(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text) if int(text) < 70 else 1900 + int(text)


def _day(year: int, month: int, day: int, text: str) -> date:
    try:
        found = date(year, month, day)
    except ValueError as error:
        raise RowError("not_a_date", value=text[:40]) from error
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise RowError("not_a_date", value=text[:40])
    return found


def _within(moment: datetime, text: str) -> datetime:
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise RowError("not_a_date", value=text[:40])
    return moment


def _clock(match: re.Match[str], text: str) -> tuple[int, int, int, int]:
    if compact := match["compact"]:
        hour, minute, second = int(compact[:2]), int(compact[2:4]), int(compact[4:6] or 0)
    else:
        hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"] or 0)
    if half := match["half"]:
        if not 1 <= hour <= 12:
            raise RowError("not_a_date", value=text[:40])
        hour = hour % 12 + (12 if half[0] in "pP" else 0)
    if hour > 23 or minute > 59 or second > 59:
        raise RowError("not_a_date", value=text[:40])
    return hour, minute, second, int((match["fraction"] or "0")[:6].ljust(6, "0"))


def _zone_of(name: str, text: str) -> tzinfo:
    upper = name.upper()
    if upper in _ZONES:
        return _ZONES[upper]
    offset = re.fullmatch(r"(?:GMT|UTC)?([+-])(\d{1,2}):?(\d{2})?", upper)
    if offset is None:
        raise RowError("unknown_time_zone", value=text[:40], zone=name)
    hours, minutes = int(offset[2]), int(offset[3] or 0)
    if hours > 14 or minutes > 59:
        raise RowError("not_a_date", value=text[:40])
    delta = timedelta(hours=hours, minutes=minutes)
    return timezone(delta if offset[1] == "+" else -delta)
