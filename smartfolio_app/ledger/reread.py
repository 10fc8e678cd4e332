"""The same file read again in another time zone: its rows are those that are there already.

A file that tells no zone is read in one that somebody chose. Choosing another moves every instant by the same hours, so
no fingerprint would be known any more, and importing twice would be importing twice. What is left of the known rows
is therefore compared once more, with the instants that the earlier reading gave.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING

from smartfolio_app.ledger.dedupe import MergeResult, fingerprint, merge

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime, tzinfo

    from smartfolio_app.ledger.dedupe import Known


def without_reread(
    known: Sequence[Known], merged: MergeResult, zone: tzinfo, others: Iterable[tzinfo]
) -> tuple[MergeResult, int]:
    """Return ``merged`` with those of ``new`` that are known in another zone as duplicates, and how many these are.

    ``zone`` is the one the rows were read in, ``others`` those an earlier import may have been read in. A known row
    that has its partner already is nobody else's, so rows that really repeat at another hour stay new.
    """
    reread = 0
    for other in others:
        if not merged.new or other == zone:
            continue
        free = _without_partners(known, merged)
        if not free:
            break
        told = [replace(one, at=read_in(one.at, zone, other)) for one in merged.new]
        again = merge(free, told)
        if not again.duplicates:
            continue
        there = {id(one) for one in again.duplicates}
        rows = list(zip(merged.new, merged.fingerprints, told, strict=True))
        # The known row keeps its own instant, and counts as matched by it.
        merged = MergeResult(
            new=[one for one, _, moved in rows if id(moved) not in there],
            duplicates=[*merged.duplicates, *again.duplicates],
            fingerprints=[mark for _, mark, moved in rows if id(moved) not in there],
            deleted=[*merged.deleted, *again.deleted],
            identified=[*merged.identified, *again.identified],
        )
        reread += len(again.duplicates)
    return merged, reread


def read_in(at: datetime, zone: tzinfo, other: tzinfo) -> datetime:
    """Return the instant (UTC) that a clock showed in ``other`` when it shows the same time as ``at`` in ``zone``."""
    return at.astimezone(zone).replace(tzinfo=other).astimezone(UTC)


def _without_partners(known: Sequence[Known], merged: MergeResult) -> list[Known]:
    taken = Counter(fingerprint(one) for one in merged.duplicates)
    free = []
    for row in known:
        if taken[row.fingerprint] > 0:
            taken[row.fingerprint] -= 1
        else:
            free.append(row)
    return free
