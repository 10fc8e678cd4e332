"""The same file read again in another time zone: its rows are those that are there already.

A file that tells no zone is read in one that somebody chose. Choosing another moves every instant by the same hours, so
no fingerprint would be known any more, and importing twice would be importing twice. What is left of the known rows
is therefore compared once more, with the instants that the earlier reading gave.

One row at another hour is no reason to think so: rewards that are paid each hour look alike. A file was read in another
zone only if that explains more of its rows than the one it is read in now, and half of what is left on one side.
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
    that has its partner already is nobody else's.
    """
    free = _without_partners(known, merged)
    for other in others:
        if other == zone:
            continue
        told = [replace(one, at=read_in(one.at, zone, other)) for one in merged.new]
        again = merge(free, told)
        there = len(again.duplicates)
        if there <= len(merged.duplicates) or 2 * there < min(len(told), len(free)):
            continue
        matched = {id(one) for one in again.duplicates}
        fresh = [
            (one, mark)
            for one, mark, moved in zip(merged.new, merged.fingerprints, told, strict=True)
            if id(moved) not in matched
        ]
        found = MergeResult(
            new=[one for one, _ in fresh],
            duplicates=[*merged.duplicates, *again.duplicates],  # each known row keeps its own instant
            fingerprints=[mark for _, mark in fresh],
            deleted=[*merged.deleted, *again.deleted],
            identified=[*merged.identified, *again.identified],
        )
        return found, there
    return merged, 0


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
