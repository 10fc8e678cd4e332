"""A name that is no figure's is refused as such, however much it looks like one."""

from __future__ import annotations

from datetime import UTC, datetime

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.services import wealth
from smartfolio_app.services.explain import FAMILIES, explain

ODD = (
    *(
        "",
        ":",
        "::",
        "::::::::",
        "@",
        "@source-",
        "@-",
        "..",
        "-",
        "x",
        "0",
        "-1",
        "9" * 40,
        "٣",
        "\x00",
        "NaN",
    ),
    *("1e999999", "2026-13-45", "0000-00-00", "2026-01-01..", "..2026-01-01", "9999-12-31", "0001-01-01"),
    *("all:fifo:1y:asset:", "all:x:y:z:w", "0000", "fifo:1:1:1:99=0:crypto:BTC", "::1:0:-1=1:crypto:BTC"),
    *("fifo:1:1:1::nowhere", "fifo:.:1:0::crypto:BTC", "::::0=1.1.1:crypto:BTC", "::::²=1:crypto:BTC"),
    *(
        "group:after-",
        "group:after--1",
        "group:after-²",
        "365:held:shock:crypto=",
        "365:held:var:x-y-z",
        "1Y:",
        "1Y:x",
    ),
    *(
        "twr:1Y:crypto:BTC:x",
        "twr:2026-02-30..2026-03-01",
        "value:²:crypto:BTC",
        "a:0:b:crypto:BTC",
        "²:0:crypto:BTC",
    ),
)


def test_odd_names_are_refused_by_name(sample_user, db):
    view, refused = wealth.view_of(db, sample_user(datetime.now(UTC))), []
    for family in sorted(FAMILIES):
        for about in (*ODD, *(f"crypto:BTC:{odd}" for odd in ODD[6:20])):
            try:
                assert explain(db, view, f"{family}:{about}").title, (family, about)
            except SmartFolioError as error:
                refused.append(error.status)
    assert set(refused) <= {404, 422}
    assert len(refused) > 1_000
