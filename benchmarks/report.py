"""docs/performance.md: what was measured, on what, and how to measure it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.compare import Health, Measurement

TEXT = """# Performance

Measured by `{command}` on {day}: {processor}, {cores} cores, Python {python} (load average {load} at the end). Seconds
of processor time, the median of {repeat} runs (of a million trades: one run); in brackets, where a server was asked,
seconds by the clock. Memory is the whole process at its peak, the trades included.

The trades are made by `benchmarks/trades.py`, always the same: purchases and sales of 50 coins over five years.
The peers are {peers}, each in its own process on the same trades. Run the command without `--record` to measure
again: it fails when the gains are not the same (rp2's to the cent), when a dashboard after edits differs from one made
from the beginning, or when a ratio is more than a quarter worse than the one recorded in `benchmarks/recorded.json`.
What the peers do not compute is compared with the time that beancount takes for the gains of as many trades.
What risk takes (dashboard, futures, heat map) is in [performance-risk.md](performance-risk.md).

## What is promised

{promises}

## Realised gains, FIFO, every lot match

{gains}

## Everything else, from parsed transactions

*History*: five years of daily value, flows, income, fees, realised and unrealised gains, coverage. *Dashboard*: one
portfolio with its lots, allocation and change today. Both include ordering the trades, all balances and all lots; asked
again, with another scope or currency or after a new price, they take what is below them only.

{tasks}

## From the database, through a real server

*Read*: all transactions out of SQLite. *First look*: headline and five years of history as JSON, with nothing in memory
but the program. *Warm*: the same again, every answer made anew. *After an edit*: one transaction anywhere in the five
years is corrected, and both are asked for; from sending the correction to having the answers. *What if*: the gain and
the remaining lots of a sale that has not been made, by every method.

{served}

`/healthz`, asked every hundredth of a second from a process of its own, from the first look on: {health}.

## Growth

Microseconds a trade; where the cost grows linearly, a row stays level once the fixed part (days times assets) is small.

{growth}
"""

#: Task, trades, at most so many seconds and MB (0: no limit).
PROMISES = (
    ("FIFO gains", "gains", 100_000, 0.25, 0),
    ("Five years of daily history", "history", 100_000, 0.5, 250),
    ("Gains of a million", "gains", 1_000_000, 6.0, 1_200),
    ("History of a million", "history", 1_000_000, 6.0, 1_200),
    ("Reading the database", "read", 100_000, 0.6, 0),
    ("Dashboard, warm", "warm", 100_000, 0.3, 0),
    ("Chart right after an edit", "edit", 100_000, 0.3, 0),
    ("A sale tried out", "what_if", 100_000, 0.3, 0),
)
LATENCY = 0.05


def write_report(  # noqa: PLR0917 - the parts of one page
    path: Path,
    found: Sequence[Measurement],
    health: Sequence[Health],
    ratios: Mapping[str, float],
    machine: Mapping[str, str],
    versions: Mapping[str, str],
) -> None:
    """Write the page."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(report(found, health, ratios, machine, versions))


def report(
    found: Sequence[Measurement],
    health: Sequence[Health],
    ratios: Mapping[str, float],
    machine: Mapping[str, str],
    versions: Mapping[str, str],
) -> str:
    """Return the page's text."""
    return TEXT.format(
        **machine,
        peers=" and ".join(f"{name} {version}" for name, version in versions.items()),
        promises=_promises(found, health),
        gains=_gains(found, ratios, sorted(versions)),
        tasks=_tasks(found, ratios),
        served=_served(found, ratios),
        health="; ".join(_answers(row) for row in health) or "not measured",
        growth=_growth(found),
    )


def _promises(found: Sequence[Measurement], health: Sequence[Health]) -> str:
    by = {(row.task, row.count): row for row in found if row.engine == "ours"}
    lines = [["", "Trades", "At most", "Measured", "Held"]]
    for name, task, count, seconds, megabytes in PROMISES:
        row, limit = by.get((task, count)), f"{seconds:g} s"
        if megabytes:
            limit += f", {megabytes:,} MB"
        if row is None:
            lines.append([name, f"{count:,}", limit, "not measured", ""])
            continue
        held = row.seconds <= seconds and (not megabytes or row.megabytes <= megabytes)
        measured = f"{row.seconds:.3f} s" + (f", {row.megabytes:,.0f} MB" if megabytes else "")
        lines.append([name, f"{count:,}", limit, measured, "yes" if held else "no"])
    for answers in health:
        held = answers.p99 < LATENCY
        told = [f"{LATENCY * 1000:.0f} ms", f"{answers.p99 * 1000:.0f} ms", "yes" if held else "no"]
        lines.append(["`/healthz` meanwhile, p99", f"{answers.count:,}", *told])
    return _table(lines)


def _gains(found: Sequence[Measurement], ratios: Mapping[str, float], peers: Sequence[str]) -> str:
    by = {(row.engine, row.task, row.count): row for row in found}
    header = ["Trades", "Ours", "Memory", *(f"{peer} (times ours)" for peer in peers)]
    lines = [header]
    for row in found:
        if (row.engine, row.task) != ("ours", "gains"):
            continue
        cells = [f"{row.count:,}", f"{row.seconds:.3f} s", f"{row.megabytes:,.0f} MB"]
        for peer in peers:
            other = by.get((peer, "gains", row.count))
            ratio = ratios.get(f"{peer} {row.count}")
            cells.append("not measured" if other is None else f"{other.seconds:.2f} s ({ratio:.0f}x)")
        lines.append(cells)
    return _table(lines)


def _tasks(found: Sequence[Measurement], ratios: Mapping[str, float]) -> str:
    by = {(row.task, row.count): row for row in found if row.engine == "ours"}
    lines = [["Trades", "History", "Memory", "Dashboard", "Memory"]]
    for count in sorted({row.count for row in found}):
        cells = [f"{count:,}"]
        for task in ("history", "dashboard"):
            row, ratio = by[task, count], ratios.get(f"{task} {count}")
            cells += [f"{row.seconds:.3f} s{_times(ratio)}", f"{row.megabytes:,.0f} MB"]
        lines.append(cells)
    return _table(lines)


def _served(found: Sequence[Measurement], ratios: Mapping[str, float]) -> str:
    tasks = {
        "read": "Read",
        "cold": "First look",
        "warm": "Warm",
        "edit": "After an edit",
        "what_if": "What if",
    }
    by = {(row.task, row.count): row for row in found if row.engine == "ours" and row.task in tasks}
    if not by:
        return "Not measured."
    lines = [["Trades", *tasks.values(), "Memory of the server"]]
    for count in sorted({count for _, count in by}):
        rows = [by[task, count] for task in tasks]
        cells = [
            f"{row.seconds:.3f} s [{row.wall:.3f} s]{_times(ratios.get(f'{row.task} {count}'))}"
            for row in rows
        ]
        lines.append([f"{count:,}", *cells, f"{rows[-1].megabytes:,.0f} MB"])
    return _table(lines)


def _growth(found: Sequence[Measurement]) -> str:
    tasks = ("gains", "history", "dashboard")
    by = {(row.task, row.count): row.seconds for row in found if row.engine == "ours"}
    counts = sorted({count for task, count in by if task in tasks})
    lines = [["", *(f"{count:,}" for count in counts)]]
    lines += [
        [task.capitalize(), *(f"{by[task, count] / count * 1e6:.2f}" for count in counts)] for task in tasks
    ]
    return _table(lines)


def _answers(row: Health) -> str:
    figures = (
        f"median {row.median * 1000:.1f} ms, p99 {row.p99 * 1000:.1f} ms, slowest {row.slowest * 1000:.0f} ms"
    )
    idle = f"a server that does nothing, asked in turns with it: p99 {row.idle * 1000:.1f} ms"
    return f"{figures} with {row.count:,} trades ({row.answers:,} answers; {idle})"


def _times(ratio: float | None) -> str:
    return "" if ratio is None else f" ({ratio:,.1f}x)"


def _table(lines: Sequence[Sequence[str]]) -> str:
    rows = ["| " + " | ".join(cells) + " |" for cells in lines]
    return "\n".join([rows[0], "|" + " --- |" * len(lines[0]), *rows[1:]])
