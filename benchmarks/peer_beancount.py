"""FIFO realised gains by beancount, from entries it has already parsed: ``python peer_beancount.py FILE``.

Runs in the peers' environment. Prints one line of JSON: seconds of processor time, gain, peak memory in MB.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from decimal import Decimal
from pathlib import Path

from trades import COINS, START, read


def ledger(path: Path) -> str:
    """Return the trades as a beancount ledger: costs with their fees, proceeds without theirs, gains left to it."""
    opened = START.date().isoformat()
    lines = [f"{opened} open Assets:Cash USD", f"{opened} open Income:Gains USD"]
    lines += [f'{opened} open Assets:C{coin} C{coin} "FIFO"' for coin in range(COINS)]
    for at, side, coin, quantity, money, fee in read(path):
        day, total, charge = at[:10], Decimal(money), Decimal(fee)
        lines.append(f'{day} * "{side}"')
        if side == "buy":
            cost = total + charge
            lines.append(f"  Assets:{coin}  {quantity} {coin} {{{{{cost} USD}}}}")
            lines.append(f"  Assets:Cash  -{cost} USD")
        else:
            lines.append(f"  Assets:{coin}  -{quantity} {coin} {{}}")
            lines.append(f"  Assets:Cash  {total - charge} USD")
            lines.append("  Income:Gains")
    return "\n".join(lines) + "\n"


def main(path: Path) -> None:
    """Measure."""
    from beancount.core.data import Transaction
    from beancount.parser import booking, parser

    entries, errors, options = parser.parse_string(ledger(path))
    if errors:
        raise SystemExit(str(errors[0]))
    started = time.process_time()
    entries, errors = booking.book(entries, options)
    gain = Decimal(0)
    for entry in entries:
        if isinstance(entry, Transaction):
            for posting in entry.postings:
                if posting.account == "Income:Gains":
                    gain -= posting.units.number
    seconds = time.process_time() - started
    if errors:
        raise SystemExit(str(errors[0]))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "gain": str(gain), "megabytes": peak}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
