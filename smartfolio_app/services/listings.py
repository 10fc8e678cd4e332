"""Which symbol a security has at Yahoo. An ISIN names one security, whatever the exchange; a bare ticker may not.

``DTE`` is an American utility and a German telephone company: unless the file's currency or exchange tells them apart,
or all that are called so are the same company, the user is asked, once. What one user answers holds for them alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlmodel import Session, col

from smartfolio_app.ledger.assets import Asset, symbol_of
from smartfolio_app.providers import yahoo
from smartfolio_app.providers.yahoo import Candidate, Yahoo
from smartfolio_app.storage.repo_ledger import read_assets
from smartfolio_app.storage.repo_witness import listings
from smartfolio_app.storage.tables import CoinCandidateRow, PriceListing
from smartfolio_app.storage.upserts import upsert

#: What nobody knew, or what is ambiguous, is looked up again after so long.
ASKED_AGAIN = timedelta(days=7)
#: So many candidates are offered at most.
OFFERED = 12

_ISIN = re.compile(r"[A-Z]{2}[A-Z0-9]{9}[0-9]")
_CURRENCIES = {
    "EUR": "DE F PA AS BR MI MC LS VI HE IR AT BE DU HM HA MU SG TL RG VS",
    "USD": "",
    "CHF": "SW",
    "SEK": "ST",
    "DKK": "CO",
    "NOK": "OL",
    "ISK": "IC",
    "PLN": "WA",
    "CZK": "PR",
    "HUF": "BD",
    "TRY": "IS",
    "CAD": "TO V NE CN",
    "AUD": "AX",
    "NZD": "NZ",
    "JPY": "T",
    "HKD": "HK",
    "CNY": "SS SZ",
    "KRW": "KS KQ",
    "SGD": "SI",
    "INR": "NS BO",
    "IDR": "JK",
    "MYR": "KL",
    "THB": "BK",
    "BRL": "SA",
    "MXN": "MX",
    "ILS": "TA",
    "ZAR": "JO",
}
#: The currency an exchange trades in, by the ending of its symbols. London trades in several: it is not here.
_BY_SUFFIX = {
    suffix: currency for currency, suffixes in _CURRENCIES.items() for suffix in (suffixes.split() or [""])
}
#: The ending of an exchange's symbols, by the exchange's code in ISO 10383.
_BY_MIC = {
    "XETR": "DE",
    "XFRA": "F",
    "XPAR": "PA",
    "XAMS": "AS",
    "XBRU": "BR",
    "XMIL": "MI",
    "XMAD": "MC",
    "XLIS": "LS",
    "XWBO": "VI",
    "XHEL": "HE",
    "XDUB": "IR",
    "XSWX": "SW",
    "XVTX": "SW",
    "XSTO": "ST",
    "XCSE": "CO",
    "XOSL": "OL",
    "XLON": "L",
    "XTSE": "TO",
    "XTSX": "V",
    "XASX": "AX",
    "XTKS": "T",
    "XHKG": "HK",
    "XNAS": "",
    "XNYS": "",
    "ARCX": "",
    "BATS": "",
}
#: Small floors where prices are thin: taken last.
_THIN = frozenset(("F", "BE", "DU", "HM", "HA", "MU", "SG", "VI", "MX", "NE", "VS", "RG", "TL", "BO"))


def resolve(
    db: Session, provider: Yahoo, assets: Iterable[str], now: datetime, patience: float = 0.0
) -> None:
    """Find the symbols of the assets, and remember them or what they could be. Commits after each.

    Raises:
        ProviderError: Yahoo cannot be asked; what was found before is kept.
    """
    asked = {asset: row for (owner, asset), row in listings(db, yahoo.ID).items() if not owner}
    wanted = [asset for asset in assets if asset not in asked or now - asked[asset].checked_at >= ASKED_AGAIN]
    known = read_assets(db, wanted)
    db.commit()  # nothing is held while a provider is asked
    for asset in wanted:
        one = known.get(asset)
        if one is not None:
            _remember(db, one, provider.search(_question(one), patience), now)


def chosen_of(asset: Asset, candidates: Sequence[Candidate]) -> tuple[Candidate | None, list[Candidate]]:
    """Return the candidate that the asset is without doubt, if any, and all it could be, likeliest first."""
    code, suffix = _code(asset)
    if not _isin(asset):
        candidates = [one for one in candidates if _base(one.symbol) == code.replace(" ", "-")]
        if suffix is not None:
            candidates = [one for one in candidates if _suffix(one.symbol) == suffix]
    ranked = sorted(candidates, key=lambda one: _rank(asset, one))
    if not ranked:
        return None, []
    if _isin(asset):
        return ranked[0], ranked
    fitting = [one for one in ranked if _fits(asset, one)] if asset.quote_currency else ranked
    names = {_plain(one.name) or one.symbol for one in fitting}
    return (fitting[0] if len(names) == 1 else None), ranked


def _remember(db: Session, asset: Asset, candidates: Sequence[Candidate], now: datetime) -> None:
    chosen, ranked = chosen_of(asset, candidates)
    row = {
        "owner": "",
        "asset": asset.id,
        "provider": yahoo.ID,
        "symbol": chosen.symbol if chosen else "",
        "name": chosen.name if chosen else "",
        "exchange": chosen.exchange if chosen else "",
        "currency": "",
        "checked_at": now,
        "next_at": None,
    }
    names = ("symbol", "name", "exchange", "checked_at", "next_at")
    upsert(db, PriceListing, [row], key=("owner", "asset", "provider"), update=names)
    db.execute(delete(CoinCandidateRow).where(col(CoinCandidateRow.asset) == asset.id))
    if chosen is None:
        db.add_all(
            CoinCandidateRow(asset=asset.id, coin=one.symbol, name=_label(one)[:200], position=position)
            for position, one in enumerate(ranked[:OFFERED])
        )
    db.commit()
    db.expire_all()


def _question(asset: Asset) -> str:
    return _isin(asset) or _code(asset)[0]


def _isin(asset: Asset) -> str:
    code = symbol_of(asset.id)
    return asset.isin or (code if _ISIN.fullmatch(code) else "")


def _code(asset: Asset) -> tuple[str, str | None]:
    """Return the ticker, and the ending of the exchange where the id names one."""
    code, _, mic = symbol_of(asset.id).partition(".")
    if mic in _BY_MIC:
        return code, _BY_MIC[mic]
    if mic == "L" or (mic and mic in _BY_SUFFIX):
        return code, mic
    return (f"{code}.{mic}" if mic else code), None


def _base(symbol: str) -> str:
    return symbol.partition(".")[0].upper()


def _suffix(symbol: str) -> str:
    return symbol.partition(".")[2].upper()


def _fits(asset: Asset, one: Candidate) -> bool:
    currency = _BY_SUFFIX.get(_suffix(one.symbol))
    return currency == asset.quote_currency or (
        currency is None and asset.quote_currency in ("GBP", "USD", "EUR")
    )


def _rank(asset: Asset, one: Candidate) -> tuple[bool, bool]:
    exact = _BY_SUFFIX.get(_suffix(one.symbol)) == asset.quote_currency
    return (not exact and not _fits(asset, one), _suffix(one.symbol) in _THIN)


def _plain(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())


def _label(one: Candidate) -> str:
    return " · ".join(part for part in (one.name, one.exchange) if part) or one.symbol
