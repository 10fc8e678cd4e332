"""Small CoinTracking exports of our own making, in several languages."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

EN = ("Type", "Buy", "Cur.", "Sell", "Cur.", "Fee", "Cur.", "Exchange", "Group", "Comment", "Date")
DE = ("Typ", "Kauf", "Cur.", "Verkauf", "Cur.", "Gebühr", "Cur.", "Börse", "Gruppe", "Kommentar", "Datum")
FR = (
    "Type",
    "Achat",
    "Cur.",
    "Vente",
    "Cur.",
    "Frais",
    "Cur.",
    "Plateforme",
    "Groupe",
    "Commentaire",
    "Date",
)
ES = (
    "Tipo",
    "Compra",
    "Cur.",
    "Venta",
    "Cur.",
    "Comisión",
    "Cur.",
    "Intercambio",
    "Grupo",
    "Comentario",
    "Fecha",
)

WORDS = {
    "en": (EN, {}),
    "de": (DE, {"Deposit": "Einzahlung", "Withdrawal": "Auszahlung"}),
    "fr": (FR, {"Deposit": "Dépôt", "Withdrawal": "Retrait"}),
    "es": (ES, {"Deposit": "Depósito", "Withdrawal": "Retirada", "Trade": "Operación"}),
}

START = datetime(2024, 1, 1, 10, 0, tzinfo=UTC)

#: type, bought, coin, sold, currency, fee, currency, exchange, days after the start
LEDGER = (
    ("Deposit", "5000.00", "EUR", "", "", "", "", "Kraken", 0),
    ("Trade", "0.05000000", "BTC", "2000.00", "EUR", "2.00", "EUR", "Kraken", 1),
    ("Trade", "1.00000000", "ETH", "2100.00", "EUR", "2.10", "EUR", "Kraken", 2),
    ("Staking", "0.00100000", "ETH", "", "", "", "", "Kraken", 3),
    ("Withdrawal", "", "", "0.01000000", "BTC", "0.00010000", "BTC", "Kraken", 4),
)


def trades(rows=LEDGER, language="en", comment="") -> bytes:
    """Return a trade table of ``rows``."""
    headings, words = WORDS[language]
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(headings)
    for kind, *sides, exchange, days in rows:
        at = START + timedelta(days=days)
        writer.writerow([words.get(kind, kind), *sides, exchange, "", comment, f"{at:%d.%m.%Y %H:%M:%S}"])
    return out.getvalue().encode()


def balance(positions, currency="EUR") -> bytes:
    """Return a "Current Balance" export of (coin, amount, price)."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", quoting=csv.QUOTE_ALL)
    trends = (f"Trend {span} in %" for span in ("1h", "24h", "7d", "30d"))
    values = (f"Value in {currency}", "Value in BTC", "% of total", "Price in BTC", f"Price in {currency}")
    writer.writerow(["Ticker", "Name", "Type", "Amount", *values, *trends])
    for coin, amount, price in positions:
        worth = f"{float(amount) * float(price):.2f}"
        writer.writerow([coin, coin, "Coin", amount, worth, "0", "0", "0", price, "0", "0", "0", "0"])
    return ("\ufeff" + out.getvalue()).encode()


def many(count: int) -> bytes:
    """Return a trade table of ``count`` rows: three trades, a reward and a withdrawal, over and over."""
    coins, places = ("BTC", "ETH", "SOL", "ADA", "DOT"), ("Kraken", "Binance")
    lines = [",".join(f'"{one}"' for one in EN)]
    first = datetime(2017, 1, 1, tzinfo=UTC)
    for number in range(count):
        amount, coin = f"{(number % 97 + 1) / 1000:.8f}", coins[number % 5]
        kind = "Trade" if number % 5 < 3 else "Staking" if number % 5 == 3 else "Withdrawal"
        sides = (
            ('""', '""', f'"{amount}"', f'"{coin}"') if kind == "Withdrawal" else (f'"{amount}"', f'"{coin}"')
        )
        if kind == "Trade":
            sides += (f'"{(number % 97 + 1) / 10:.2f}"', '"EUR"', '"0.10"', '"EUR"')
        sides += ('""',) * (6 - len(sides))
        at = first + timedelta(minutes=4 * number)
        lines.append(
            ",".join(
                (
                    f'"{kind}"',
                    *sides,
                    f'"{places[number % 2]}"',
                    '""',
                    f'"row {number}"',
                    f'"{at:%d.%m.%Y %H:%M:%S}"',
                )
            )
        )
    return "\r\n".join(lines).encode()
