"""The same trades told by files and by the network: in two clocks, or in other words.

In two clocks: an export in local time and an API in UTC. A file without a time zone is read as UTC; when the API then
tells the same trades, all of them lie off by the hours of the zone the file was written in (two different ones where
summer time began or ended). Such a pattern is no coincidence: rows that agree in everything but that shift are the same
rows. In other words: see ``ledger.retold``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlmodel import Session, col

from smartfolio_app.ledger.dedupe import MergeResult, fingerprint
from smartfolio_app.ledger.retold import retold
from smartfolio_app.ledger.transactions import Transaction
from smartfolio_app.storage.repo_ledger import read_transactions
from smartfolio_app.storage.tables import ImportBatch, TransactionRow

#: Zones lie between 12 hours behind UTC and 14 ahead, in quarters of an hour.
FARTHEST = timedelta(hours=14)
_QUARTER = timedelta(minutes=15)
#: A shift is believed when it explains this many rows, and this share of those that have a look-alike at all.
LEAST_ROWS, LEAST_SHARE = 3, 0.6


def without_retold(db: Session, source_id: str, merged: MergeResult, *, told_by_files: bool) -> MergeResult:
    """Return the result with those of ``new`` that the other side already told, in its own clock, as duplicates.

    ``told_by_files``: what is new comes from the network and files told it before; else the other way round.
    """
    if not merged.new:
        return merged
    first = min(one.at for one in merged.new) - FARTHEST
    last = max(one.at for one in merged.new) + FARTHEST
    of_other_side = select(col(ImportBatch.id)).where(
        col(ImportBatch.source_id) == source_id,
        col(ImportBatch.file_id).is_not(None) if told_by_files else col(ImportBatch.file_id).is_(None),
        col(ImportBatch.undone_at).is_(None),
    )
    batches = list(db.execute(of_other_side).scalars())
    if not batches:
        return merged
    told = read_transactions(
        db,
        col(TransactionRow.source_id) == source_id,
        col(TransactionRow.batch_id).in_(batches),
        col(TransactionRow.at) >= first,
        col(TransactionRow.at) <= last,
    )
    already = Counter(fingerprint(one) for one in merged.duplicates)
    free = []
    for one in told:
        mark = fingerprint(one)
        if already[mark] > 0:
            already[mark] -= 1  # is matched at its own time
        else:
            free.append(one)
    same = shifted(free, merged.new) or retold(free, merged.new)
    if not same:
        return merged
    result = MergeResult(
        duplicates=list(merged.duplicates), deleted=merged.deleted, identified=merged.identified
    )
    for index, (one, mark) in enumerate(zip(merged.new, merged.fingerprints, strict=True)):
        if index in same:
            result.duplicates.append(one)
        else:
            result.new.append(one)
            result.fingerprints.append(mark)
    return result


def shifted(told: list[Transaction], new: list[Transaction]) -> set[int]:
    """Return the indices of those of ``new`` that ``told`` has, off by the same one or two whole shifts."""
    by_content: defaultdict[tuple[object, ...], list[datetime]] = defaultdict(list)
    for one in told:
        by_content[_content(one)].append(one.at)
    shifts: Counter[timedelta] = Counter()
    alike = 0
    for one in new:
        found = {gap for at in by_content.get(_content(one), ()) if _is_shift(gap := at - one.at)}
        alike += bool(found)
        shifts.update(found)
    if not shifts:
        return set()
    first, most = shifts.most_common(1)[0]
    beside = [first + step for step in (timedelta(hours=1), timedelta(hours=-1)) if shifts[first + step]]
    believed = [first, *sorted(beside, key=lambda gap: -shifts[gap])[:1]]
    explained = sum(shifts[gap] for gap in believed)
    if most < LEAST_ROWS or explained < LEAST_SHARE * alike:
        return set()
    same: set[int] = set()
    for gap in believed:
        for index, one in enumerate(new):
            times = by_content.get(_content(one), [])
            if index not in same and one.at + gap in times:
                times.remove(one.at + gap)
                same.add(index)
    return same


def _is_shift(gap: timedelta) -> bool:
    return bool(gap) and abs(gap) <= FARTHEST and not gap % _QUARTER


def _content(one: Transaction) -> tuple[object, ...]:
    sides = tuple((side.asset, side.quantity) if side else None for side in (one.received, one.sent, one.fee))
    return (one.kind, *sides, one.account)
