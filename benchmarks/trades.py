"""Deterministic trades for the benchmarks: the same file for every engine that is measured.

Only the standard library, because the peers run in an environment of their own. ``python trades.py N FILE`` writes the
file: one JSON list a line, [instant, side, coin, quantity, money, fee]; numbers are decimal text.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

COINS = 50
DAYS = 1826
START = datetime(2020, 1, 1, tzinfo=UTC)
SEED = 20_200_101

Row = tuple[str, str, str, str, str, str]


def trades(count: int) -> Iterator[Row]:
    """Yield ``count`` trades over ``COINS`` coins and ``DAYS`` days, by time; never more is sold than is held."""
    chance = random.Random(SEED)
    held = [0] * COINS  # in millionths
    price = [chance.randrange(1, 2_000) for _ in range(COINS)]
    second = DAYS * 86_400 / count
    for number in range(count):
        at = START + timedelta(seconds=int(number * second))
        coin = chance.randrange(COINS)
        price[coin] = max(1, price[coin] + chance.randrange(-9, 10))
        selling = held[coin] > 10 and chance.random() < 0.45
        if selling:
            quantity = chance.randrange(1, min(held[coin], 2_500_000) + 1)
            held[coin] -= quantity
        else:
            quantity = chance.randrange(1, 2_000_000)
            held[coin] += quantity
        cents = max(1, quantity * price[coin] // 10_000)
        fee = cents // 500
        yield (
            at.isoformat(),
            "sell" if selling else "buy",
            f"C{coin}",
            f"{quantity // 1_000_000}.{quantity % 1_000_000:06d}",
            f"{cents // 100}.{cents % 100:02d}",
            f"{fee // 100}.{fee % 100:02d}",
        )


def read(path: Path) -> Iterator[Row]:
    """Yield the trades of a file."""
    with path.open() as lines:
        for line in lines:
            yield tuple(json.loads(line))


def write(path: Path, count: int) -> None:
    """Write a file of ``count`` trades."""
    with path.open("w") as file:
        file.writelines(json.dumps(row) + "\n" for row in trades(count))


if __name__ == "__main__":
    write(Path(sys.argv[2]), int(sys.argv[1]))
