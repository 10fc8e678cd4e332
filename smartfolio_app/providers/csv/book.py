"""Where a format's reader writes down what it reads: transactions, assets, prices, and what it could not use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from smartfolio_app.ledger.assets import SECURITY_CLASSES, Asset, AssetClass, AssetId, asset_id, fiat
from smartfolio_app.ledger.transactions import (
    Amount,
    PriceQuote,
    Statement,
    StatementLine,
    Transaction,
    TransactionKind,
)
from smartfolio_app.providers.csv import currencies
from smartfolio_app.providers.csv.base import (
    FormatInfo,
    Message,
    ParsedFile,
    Progress,
    ReadOptions,
    Rejected,
    Row,
    RowError,
    Table,
)

_RAW_LIMIT = 1_000
_NOTE_LIMIT = 1_000
_PROGRESS_EVERY = 2_000
#: A quotient of two amounts has no end; this many digits are more than either amount had.
_PRICE_DIGITS = 20


class Book:
    """Collects what one file says; ``close`` turns it into a ``ParsedFile``."""

    def __init__(
        self, table: Table, options: ReadOptions, info: FormatInfo, progress: Progress | None = None
    ) -> None:
        self.table = table
        self.options = options
        self.info = info
        self.assets: dict[AssetId, Asset] = {}
        self.transactions: list[Transaction] = []
        self.prices: list[PriceQuote] = []
        self.lines: list[StatementLine] = []
        self.earlier: list[Statement] = []
        self.as_of: datetime | None = None
        self.rejected: list[Rejected] = []
        self.skipped: list[Rejected] = []
        self._warnings: dict[str, Message] = {}
        self._counts: dict[str, int] = defaultdict(int)
        self._progress = progress
        self._separator = table.delimiter if table.delimiter in {",", ";", "|"} else "\t"
        self._identified: dict[tuple[str, str], int] = {}
        self._rows_seen: int | None = None

    # ------------------------------------------------------------------ rows

    def rows(self, *, width: int | None = None) -> Iterator[Row]:
        """Yield the data rows and report progress. A row with more filled cells than headings is rejected: a stray
        delimiter has shifted its columns. ``width`` stands in for the number of headings.
        """
        limit = width or len(self.table.headers)
        total = len(self.table.rows)
        for number, row in enumerate(self.table.rows):
            if self._progress and number % _PROGRESS_EVERY == 0:
                self._progress(number, total)
            if len(row.cells) > limit and any(row.cells[limit:]):
                self.reject(row, "import.reject.column_count", found=len(row.cells), expected=limit)
                continue
            yield row
        if self._progress:
            self._progress(total, total)

    def each(self, use: Callable[[Row], None], *, width: int | None = None) -> None:
        """Call ``use`` with every row; a ``RowError`` it raises rejects that row alone."""
        for row in self.rows(width=width):
            try:
                use(row)
            except RowError as error:
                self.reject(row, error.reason, **error.params)

    @contextmanager
    def guard(self, *rows: Row) -> Iterator[None]:
        """Reject ``rows``, all of them, when the block raises a ``RowError``."""
        try:
            yield
        except RowError as error:
            for row in rows:
                self.reject(row, error.reason, **error.params)

    def reject(self, row: Row, reason: str, /, **params: object) -> None:
        """Note that ``row`` cannot be used."""
        self.rejected.append(Rejected(row.line, reason, {"row": row.line, **params}, self.raw(row)))

    def skip(self, row: Row, reason: str, /, **params: object) -> None:
        """Note that ``row`` rightly brings nothing."""
        self.skipped.append(Rejected(row.line, reason, {"row": row.line, **params}, self.raw(row)))

    def warn(self, code: str, /, **params: object) -> None:
        """Say something about the whole file, once."""
        self._warnings.setdefault(code, Message(code, params))

    def count(self, code: str) -> None:
        """Count a remark that may concern many rows; it is told once, with ``count``."""
        self._counts[code] += 1

    def raw(self, row: Row) -> str:
        """Return the row in the file's own words."""
        return self._separator.join(row.cells)[:_RAW_LIMIT]

    def rows_are(self, count: int) -> None:
        """Say how many rows a document without rows holds."""
        self._rows_seen = count

    # ---------------------------------------------------------------- assets

    def currency(self, code: str) -> AssetId:
        """Return the asset of an ISO currency.

        Raises:
            RowError: ``code`` is none.
        """
        upper = code.strip().upper()
        if not currencies.is_currency(upper):
            raise RowError("unknown_currency", value=code.strip()[:20])
        found = fiat(upper)
        if found not in self.assets:
            self.assets[found] = Asset(found, AssetClass.FIAT, upper, quote_currency=upper)
        return found

    def coin(self, code: str, name: str = "") -> AssetId:
        """Return the asset of a coin, or of a currency where the code is one."""
        symbol = code.strip()
        if symbol.upper() in currencies.TRADED:
            return self.currency(symbol)
        return self.asset(AssetClass.CRYPTO, symbol, name=name)

    def asset(
        self,
        kind: AssetClass,
        code: str,
        *,
        symbol: str = "",
        name: str = "",
        isin: str = "",
        currency: str = "",
    ) -> AssetId:
        """Return the asset with this code, registering it, or what is newly known of it.

        Raises:
            RowError: no code.
        """
        try:
            found = asset_id(kind, code[:60])
        except ValueError as error:
            raise RowError("asset_missing") from error
        known = self.assets.get(found)
        if known is None:
            shown = symbol or (code.strip().upper() if kind is AssetClass.CRYPTO else code.strip())
            self.assets[found] = Asset(found, kind, shown[:60], name.strip()[:200], isin, currency)
        elif (
            (name and not known.name) or (isin and not known.isin) or (currency and not known.quote_currency)
        ):
            self.assets[found] = replace(
                known,
                name=known.name or name.strip()[:200],
                isin=known.isin or isin,
                quote_currency=known.quote_currency or currency,
            )
        return found

    def security(
        self,
        symbol: str = "",
        *,
        mic: str = "",
        isin: str = "",
        name: str = "",
        kind: AssetClass = AssetClass.STOCK,
        currency: str = "",
    ) -> AssetId:
        """Return the asset of a share, fund, bond...: by ISIN where there is one, else by symbol, else by name.

        ``mic`` is the market a symbol belongs to (``XNAS``); it tells equal symbols apart and is not shown.

        Raises:
            RowError: none of the three is given.
        """
        assert kind in SECURITY_CLASSES
        isin = isin.strip().upper()
        if not is_isin(isin):
            isin = ""
        listed = f"{symbol.strip()}.{mic.strip()}" if mic.strip() and symbol.strip() else symbol.strip()
        code = isin or listed or name.strip()
        if not code:
            raise RowError("asset_missing")
        shown = symbol.strip() or name.strip() or isin
        return self.asset(kind, code, symbol=shown, name=name, isin=isin, currency=currency)

    # ---------------------------------------------------------- transactions

    def add(
        self,
        row: Row,
        at: datetime,
        kind: TransactionKind,
        *,
        received: Amount | None = None,
        sent: Amount | None = None,
        fee: Amount | None = None,
        account: str = "",
        about: AssetId = "",
        value: Amount | None = None,
        group: str = "",
        note: str = "",
        external_id: str = "",
    ) -> None:
        """Write a transaction down. A fee of zero is none.

        Raises:
            RowError: nothing moves.
        """
        if fee is not None and not fee.quantity:
            fee = None
        if not (received and received.quantity) and not (sent and sent.quantity) and fee is None:
            raise RowError("nothing_moves")
        self.transactions.append(
            Transaction(
                at=at,
                kind=kind,
                received=received,
                sent=sent,
                fee=fee,
                account=account[:120],
                about=about,
                value=value,
                group=group[:200],
                note=note[:_NOTE_LIMIT],
                external_id=external_id[:200],
                row=row.line,
                raw=self.raw(row),
            )
        )

    def move(
        self,
        row: Row,
        at: datetime,
        change: Amount,
        *,
        gain: TransactionKind,
        loss: TransactionKind,
        **extra: Any,
    ) -> None:
        """Write a signed one-sided change down: of kind ``gain`` when it is positive, ``loss`` when negative."""
        side = Amount(abs(change.quantity), change.asset)
        if change.quantity >= 0:
            self.add(row, at, gain, received=side, **extra)
        else:
            self.add(row, at, loss, sent=side, **extra)

    def repeated(self, row: Row, external_id: str) -> bool:
        """Tell whether this very row, with this very id, was there before; notes it as skipped.

        An id names one event: a second identical row is a copy of it, not a second event.
        """
        if not external_id:
            return False
        key = (external_id, "\x1f".join(row.cells))
        if key in self._identified:
            self.skip(row, "import.skip.same_id", first=self._identified[key])
            return True
        self._identified[key] = row.line
        return False

    def line(
        self, row: Row, asset: AssetId, quantity: Decimal, *, account: str = "", cost: Amount | None = None
    ) -> None:
        """Write a position of a statement down."""
        self.lines.append(StatementLine(asset, quantity, account[:120], cost, row.line, self.raw(row)))

    def price(self, row: Row, asset: AssetId, currency: str, price: Decimal, at: datetime) -> None:
        """Write a unit price down that the file states. Zero is no price, and nothing is quoted in itself."""
        code = currency.upper()
        if price > 0 and asset not in {f"fiat:{code}", f"crypto:{code}"}:
            self.prices.append(PriceQuote(asset, code, _rounded(price), at, row.line))

    # ------------------------------------------------------------------- end

    def close(self) -> ParsedFile:
        """Return what was collected."""
        rows = len(self.table.rows) if self._rows_seen is None else self._rows_seen
        self.transactions.sort(key=lambda transaction: transaction.row)
        statement, known = self._statement()
        for code, count in sorted(self._counts.items()):
            self.warn(code, count=count)
        if self.skipped:
            self.warn("import.warn.rows_skipped", count=len(self.skipped))
        if rows == 0:
            self.warn("import.warn.no_rows")
        if self._is_unfunded():
            self.warn("import.warn.cash_not_in_file")
        return ParsedFile(
            format=self.info.id,
            institution=self.info.institution,
            category=self.info.category,
            provider=self.info.provider,
            rows=rows,
            transactions=self.transactions,
            statement=statement,
            earlier_statements=self.earlier,
            as_of_known=known,
            prices=self.prices,
            assets=self.assets,
            rejected=sorted(self.rejected, key=lambda rejected: rejected.row),
            skipped=self.skipped,
            warnings=[*self.table.warnings, *self._warnings.values()],
            suspected=self._suspected(),
        )

    def _statement(self) -> tuple[Statement | None, bool]:
        if self.info.kind != "statement":
            return None, True
        instant = self.as_of or self.options.as_of
        known = instant is not None
        if instant is None:
            instant = self.upload_instant()
        if not known:
            self.warn("import.warn.as_of_unknown")
        return Statement(instant, tuple(self.lines)), known

    def _is_unfunded(self) -> bool:
        """Tell whether money was traded that, by this file, never came and never went."""
        traded = False
        for transaction in self.transactions:
            for side in (transaction.received, transaction.sent):
                if side is not None and side.asset.startswith("fiat:"):
                    if transaction.kind in {TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL}:
                        return False
                    traded = traded or transaction.kind is TransactionKind.TRADE
        return traded

    def upload_instant(self) -> datetime:
        """Return the instant that stands in where neither the file nor the user tells one."""
        return self.options.received_at or datetime.now(UTC)

    def _suspected(self) -> list[int]:
        """Return the rows that are word for word an earlier one and carry no id of their own."""
        used = {transaction.row for transaction in self.transactions if not transaction.external_id}
        seen: set[tuple[str, ...]] = set()
        repeated: list[int] = []
        for row in self.table.rows:
            if row.line not in used:
                continue
            key = tuple(row.cells)
            if key in seen:
                repeated.append(row.line)
            seen.add(key)
        return repeated


def is_isin(text: str) -> bool:
    """Tell whether ``text`` has the shape of an ISIN: two letters, nine of either, a digit."""
    return (
        len(text) == 12
        and text.isascii()
        and text.isalnum()
        and text[:2].isalpha()
        and text[2:].upper() == text[2:]
    ) and text[11].isdigit()


def _rounded(price: Decimal) -> Decimal:
    digits = price.as_tuple()
    surplus = len(digits.digits) - _PRICE_DIGITS
    if surplus <= 0:
        return price
    exponent = digits.exponent
    assert isinstance(exponent, int)
    return price.quantize(Decimal((0, (1,), exponent + surplus)))
