"""rp2, the other engine: our events as its transactions, its lot matches as plain numbers.

rp2 (by eprbell, Apache licence) is exact, works asset by asset, and knows FIFO, LIFO, HIFO and LOFO. It is an optional
extra and is loaded here alone, in a process of its own: it sets the process's decimal context, writes a log file where
it stands, and takes seconds for what ours does in milliseconds.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal, FloatOperation, localcontext
from importlib import import_module, metadata, util
from pathlib import Path
from typing import Any

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.ledger.instants import instant
from smartfolio_app.ledger.lots import Method, Policy
from smartfolio_app.services.second_opinion.events import IN, Event, Way

#: What rp2 computes by; average cost it does not know.
METHODS = (Method.FIFO, Method.LIFO, Method.HIFO, Method.LOFO)
#: How the extra is added to an installation.
EXTRA = ".venv/bin/python -m pip install --require-hashes --no-deps -r requirements/verify.txt"

#: What rp2 tells apart: quantities are compared at 13 decimals.
SMALLEST = Decimal("1e-13")
#: rp2 takes no amount of nothing; less than a millionth of a cent stands for it.
_NEXT_TO_NOTHING = Decimal("1e-10")
#: Ranks a lot of unknown cost last among the cheapest first (it is last among the dearest first by itself).
_BEYOND_ANY_PRICE = Decimal("1e9")
_FIRST_YEAR = 1970

_SETTINGS = """[general]
assets = {assets}
exchanges = Home
holders = Owner
[in_header]
timestamp = 0
[out_header]
timestamp = 0
[intra_header]
timestamp = 0
"""


class EngineMissingError(SmartFolioError):
    """rp2 is not installed."""

    status = 501


class EngineRefusedError(SmartFolioError):
    """rp2 would not take an asset's transactions; ``reason`` is what it said."""

    status = 422


@dataclass(frozen=True, slots=True)
class TheirMatch:
    """One lot match of rp2's: positions of the disposal and of the lot among the events; no lot for income."""

    disposal: int
    lot: int | None
    quantity: Decimal
    proceeds: Decimal
    cost: Decimal


def methods_of(policy: Policy) -> set[Method]:
    """Return every method that a policy computes by in some year."""
    return {policy.method, *policy.methods.values()}


def version() -> str:
    """Return rp2's version.

    Raises:
        EngineMissingError: It is not installed.
    """
    if util.find_spec("rp2") is None:
        raise EngineMissingError("verify.engine_missing", command=EXTRA)
    return metadata.version("rp2")


def compute(
    assets: Mapping[str, Sequence[Event]], policy: Policy, told: Callable[[int], None]
) -> dict[str, list[TheirMatch] | EngineRefusedError]:
    """Return each asset's matches (or why there are none), telling after each how many events are done.

    Raises:
        EngineMissingError: rp2 is not installed.
    """
    version()
    if not assets:
        return {}
    found: dict[str, list[TheirMatch] | EngineRefusedError] = {}
    done = 0
    with _Rp2(list(assets), policy) as rp2:
        for asset, events in assets.items():
            try:
                found[asset] = rp2.matches(asset, events)
            except (rp2.error, ArithmeticError) as error:
                found[asset] = EngineRefusedError("verify.engine_refused", asset=asset, reason=str(error))
            done += len(events)
            told(done)
    return found


class _Rp2:
    """rp2, loaded and set up. A context manager, because what it does to the process must end with it."""

    def __init__(self, assets: list[str], policy: Policy) -> None:
        self._names = {asset: f"A{number}" for number, asset in enumerate(assets)}
        self._policy = policy
        self._context = localcontext()
        self.error: type[Exception] = Exception

    def __enter__(self) -> _Rp2:
        context = self._context.__enter__()
        with _elsewhere() as folder:
            load = import_module
            self._decimal = load("rp2.rp2_decimal").RP2Decimal
            self.error = load("rp2.rp2_error").RP2Error
            self._in = load("rp2.in_transaction").InTransaction
            self._out = load("rp2.out_transaction").OutTransaction
            self._intra = load("rp2.intra_transaction").IntraTransaction
            self._set = load("rp2.transaction_set").TransactionSet
            self._input = load("rp2.input_data").InputData
            self._compute = load("rp2.tax_engine").compute_tax
            self._engine = load("rp2.accounting_engine").AccountingEngine
            self._tree = load("prezzemolo.avl_tree").AVLTree
            configuration = load("rp2.configuration")
            self._first, self._last = configuration.MIN_DATE, configuration.MAX_DATE
            file = folder / "rp2.ini"
            file.write_text(_SETTINGS.format(assets=", ".join(self._names.values())), encoding="utf-8")
            country = load("rp2.plugin.country.us").US()
            self._configuration = configuration.Configuration(
                str(file), country, allow_negative_balances=True
            )
            _quiet()
        # As rp2 sets them when it is imported; a second run finds it imported already.
        context.prec = 31
        context.traps[FloatOperation] = True
        # A lot of unknown cost comes last, whichever way lots are ranked.
        self._unknown = self._decimal(
            _BEYOND_ANY_PRICE if Method.LOFO in methods_of(self._policy) else SMALLEST
        )
        return self

    def __exit__(self, *_raised: object) -> None:
        self._context.__exit__(None, None, None)

    def matches(self, asset: str, events: Sequence[Event]) -> list[TheirMatch]:
        """Return what rp2 makes of an asset."""
        if not any(event.way in IN for event in events):
            return []
        name = self._names[asset]
        sets = {
            kind: self._set(self._configuration, kind, name, self._first, self._last)
            for kind in ("IN", "OUT", "INTRA")
        }
        for number, event in enumerate(events):
            kind, made = self._transaction(name, number, event)
            sets[kind].add_entry(made)
        data = self._input(name, sets["IN"], sets["OUT"], sets["INTRA"], self._first, self._last)
        computed = self._compute(self._configuration, self._engine(self._methods()), data)
        return [
            TheirMatch(
                disposal=entry.taxable_event.row,
                lot=None if entry.acquired_lot is None else entry.acquired_lot.row,
                quantity=Decimal(entry.crypto_amount),
                proceeds=Decimal(entry.taxable_event_fiat_amount_with_fee_fraction),
                cost=Decimal(entry.fiat_cost_basis),
            )
            for entry in computed.gain_loss_set
        ]

    def _methods(self) -> Any:
        methods = self._tree()
        methods.insert_node(_FIRST_YEAR, self._method(self._policy.method))
        for year, method in self._policy.methods.items():
            methods.insert_node(year, self._method(method))
            if year + 1 not in self._policy.methods:
                methods.insert_node(year + 1, self._method(self._policy.method))
        return methods

    @staticmethod
    def _method(method: Method) -> Any:
        """Return rp2's own method, with lots that stay at hand where it takes them off its heap too early.

        rp2 1.7 looks up a lot for every taxable event, income too, and drops one that the event would have used up;
        income uses none, so that lot is lost to whatever is sold next.
        """
        plain = import_module(f"rp2.plugin.accounting_method.{method.value}").AccountingMethod
        if method is Method.FIFO:
            return plain()

        class Kept(plain):  # type: ignore[misc, valid-type]
            def seek_non_exhausted_acquired_lot(self, lot_candidates: Any, taxable_event_amount: Any) -> Any:
                found = super().seek_non_exhausted_acquired_lot(lot_candidates, taxable_event_amount)
                if found is not None and found.amount <= taxable_event_amount:
                    self.add_selected_lot_to_heap(lot_candidates.acquired_lot_heap, found.acquired_lot)
                return found

        return Kept()

    def _transaction(self, name: str, number: int, event: Event) -> tuple[str, Any]:
        when, quantity = instant(event.at).isoformat(), self._decimal(event.quantity)
        money = event.money
        amount = self._decimal(_NEXT_TO_NOTHING if money is None else max(money, _NEXT_TO_NOTHING))
        head: dict[str, Any] = {
            "configuration": self._configuration,
            "timestamp": when,
            "asset": name,
            "row": number,
        }
        place = {"exchange": "Home", "holder": "Owner"}
        if event.way in IN:
            # HIFO and LOFO rank by the spot price; ours rank by what a unit cost, so that is what it is told.
            rank = self._unknown if money is None else amount / quantity
            return "IN", self._in(
                **head,
                **place,
                transaction_type="INCOME" if event.way is Way.EARNED else "BUY",
                spot_price=max(rank, self._decimal(SMALLEST)),
                crypto_in=quantity,
                fiat_in_no_fee=amount,
                fiat_in_with_fee=amount,
            )
        if event.way is Way.MOVED and (not event.quantity or (money or 0) > _NEXT_TO_NOTHING):
            price = amount / quantity if event.quantity else None
            return "INTRA", self._intra(
                **head,
                from_exchange="Home",
                from_holder="Owner",
                to_exchange="Home",
                to_holder="Owner",
                spot_price=price,
                crypto_sent=self._decimal(event.sent),
                crypto_received=self._decimal(event.sent - event.quantity),
            )
        fee = event.way in {Way.FEE, Way.MOVED}
        zero = self._decimal("0")
        kind = {Way.SOLD: "SELL", Way.GIVEN: "GIFT", Way.LOST: "LOST", Way.REMOVED: "GIFT"}
        return "OUT", self._out(
            **head,
            **place,
            transaction_type="FEE" if fee else kind[event.way],
            spot_price=max(amount / quantity, self._decimal(SMALLEST)),
            crypto_out_no_fee=zero if fee else quantity,
            crypto_fee=quantity if fee else zero,
            fiat_out_no_fee=None if fee else amount,
            fiat_fee=amount if fee else zero,
        )


@contextmanager
def _elsewhere() -> Iterator[Path]:
    """Stand in a folder of our own while rp2 is imported: it opens its log file where it is."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="smartfolio-verify-") as folder:
        os.chdir(folder)
        try:
            yield Path(folder)
        finally:
            os.chdir(before)


def _quiet() -> None:
    """Close rp2's log; what it refuses comes as an exception."""
    logger = logging.getLogger("rp2")
    for handler in [*logger.handlers]:
        logger.removeHandler(handler)
        handler.close()
    logger.setLevel(logging.CRITICAL)
    logger.propagate = False
