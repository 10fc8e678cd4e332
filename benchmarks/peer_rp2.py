"""FIFO realised gains by rp2, from transactions it has already built: ``python peer_rp2.py FILE``.

Runs in the peers' environment. Prints one line of JSON: seconds of processor time, gain, peak memory in MB.
"""

from __future__ import annotations

import json
import logging
import resource
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from trades import COINS, read

CONFIGURATION = """[general]
assets = {assets}
exchanges = Exchange
holders = Holder
[in_header]
timestamp = 0
asset = 1
exchange = 2
holder = 3
transaction_type = 4
spot_price = 5
crypto_in = 6
fiat_fee = 7
[out_header]
timestamp = 0
asset = 1
exchange = 2
holder = 3
transaction_type = 4
spot_price = 5
crypto_out_no_fee = 6
crypto_fee = 7
[intra_header]
timestamp = 0
asset = 1
from_exchange = 2
from_holder = 3
to_exchange = 4
to_holder = 5
spot_price = 6
crypto_sent = 7
crypto_received = 8
"""


def main(path: Path) -> None:
    """Measure."""
    from prezzemolo.avl_tree import AVLTree
    from rp2.accounting_engine import AccountingEngine
    from rp2.configuration import MAX_DATE, MIN_DATE, Configuration
    from rp2.in_transaction import InTransaction
    from rp2.input_data import InputData
    from rp2.out_transaction import OutTransaction
    from rp2.plugin.accounting_method.fifo import AccountingMethod
    from rp2.plugin.country.us import US
    from rp2.rp2_decimal import RP2Decimal
    from rp2.tax_engine import compute_tax
    from rp2.transaction_set import TransactionSet

    logging.disable(logging.CRITICAL)
    with tempfile.NamedTemporaryFile("w", suffix=".ini") as file:
        file.write(CONFIGURATION.format(assets=", ".join(f"C{coin}" for coin in range(COINS))))
        file.flush()
        configuration = Configuration(file.name, US())
    bought, sold = defaultdict(list), defaultdict(list)
    for row, (at, side, coin, quantity, money, fee) in enumerate(read(path)):
        amount, total, charge = RP2Decimal(quantity), RP2Decimal(money), RP2Decimal(fee)
        if side == "buy":
            bought[coin].append(
                InTransaction(
                    configuration,
                    at,
                    coin,
                    "Exchange",
                    "Holder",
                    "BUY",
                    total / amount,
                    amount,
                    fiat_in_no_fee=total,
                    fiat_in_with_fee=total + charge,
                    fiat_fee=charge,
                    row=row + 1,
                )
            )
        else:
            net = total - charge
            sold[coin].append(
                OutTransaction(
                    configuration,
                    at,
                    coin,
                    "Exchange",
                    "Holder",
                    "SELL",
                    max(net, RP2Decimal("0.01")) / amount,
                    amount,
                    RP2Decimal("0"),
                    fiat_out_no_fee=net,
                    fiat_fee=RP2Decimal("0"),
                    row=row + 1,
                )
            )
    methods = AVLTree()
    methods.insert_node(MIN_DATE.year, AccountingMethod())
    gain = RP2Decimal("0")
    started = time.process_time()
    for coin in bought:
        sets = {}
        for kind, rows in (("IN", bought[coin]), ("OUT", sold[coin]), ("INTRA", [])):
            sets[kind] = TransactionSet(configuration, kind, coin, MIN_DATE, MAX_DATE)
            for transaction in rows:
                sets[kind].add_entry(transaction)
        data = InputData(coin, sets["IN"], sets["OUT"], sets["INTRA"], MIN_DATE, MAX_DATE)
        computed = compute_tax(configuration, AccountingEngine(methods), data)
        for entry in computed.gain_loss_set:
            gain += entry.fiat_gain
    seconds = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "gain": str(gain), "megabytes": peak}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
