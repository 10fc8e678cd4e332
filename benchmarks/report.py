"""docs/performance.md: what was measured, on what, and how to measure it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.compare import Measurement

TEXT = """# Performance

Measured by `python -m benchmarks.compare --million --repeat {repeat} --record` on {day}: {processor}, {cores} cores,
Python {python} (load average {load} at the end). Seconds of processor time in one process (median where the command
ran more than once: {repeat}), from transactions that are already parsed; memory is the whole process at its peak, the
trades included.

The trades are made by `benchmarks/trades.py`, always the same: purchases and sales of 50 coins over five years.
The peers are {peers}, each in its own process on the same trades. Run the command without `--record` to measure
again: it fails when the gains are not the same (rp2's to the cent), or when a ratio is more than a quarter worse than
the one recorded in `benchmarks/recorded.json`.

## Realised gains, FIFO, every lot match

{gains}

## Everything else, from nothing

*History*: five years of daily value, flows, income, fees, realised and unrealised gains, coverage. *Dashboard*: one
portfolio with its lots, allocation and change today. Both include ordering the trades, all balances and all lots; asked
again, with another scope or currency or after a new price, they take what is below them only.

{tasks}
"""


def write_report(
    path: Path,
    found: Sequence[Measurement],
    ratios: Mapping[str, float],
    machine: Mapping[str, str],
    versions: Mapping[str, str],
) -> None:
    """Write the page."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        TEXT.format(
            **machine,
            peers=" and ".join(f"{name} {version}" for name, version in versions.items()),
            gains=_gains(found, ratios, sorted(versions)),
            tasks=_tasks(found),
        )
    )


def _gains(found: Sequence[Measurement], ratios: Mapping[str, float], peers: Sequence[str]) -> str:
    by = {(row.engine, row.task, row.count): row for row in found}
    header = ["Trades", "Ours", "Memory", *(f"{peer} (times ours)" for peer in peers)]
    lines = [header]
    for row in found:
        if (row.engine, row.task) != ("ours", "gains"):
            continue
        cells = [f"{row.count:,}", f"{row.seconds:.3f} s", f"{row.megabytes:.0f} MB"]
        for peer in peers:
            other = by.get((peer, "gains", row.count))
            ratio = ratios.get(f"{peer} {row.count}")
            cells.append("not measured" if other is None else f"{other.seconds:.2f} s ({ratio:.0f}x)")
        lines.append(cells)
    return _table(lines)


def _tasks(found: Sequence[Measurement]) -> str:
    counts = sorted({row.count for row in found})
    by = {(row.task, row.count): row for row in found if row.engine == "ours"}
    lines = [["Trades", "History", "Memory", "Dashboard", "Memory"]]
    for count in counts:
        cells = [f"{count:,}"]
        for task in ("history", "dashboard"):
            row = by[task, count]
            cells += [f"{row.seconds:.3f} s", f"{row.megabytes:.0f} MB"]
        lines.append(cells)
    return _table(lines)


def _table(lines: Sequence[Sequence[str]]) -> str:
    rows = ["| " + " | ".join(cells) + " |" for cells in lines]
    return "\n".join([rows[0], "|" + " --- |" * len(lines[0]), *rows[1:]])
