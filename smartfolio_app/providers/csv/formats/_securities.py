"""What brokers call the classes of securities, and prices quoted in hundredths."""

from __future__ import annotations

from decimal import Decimal

from smartfolio_app.ledger.assets import AssetClass
from smartfolio_app.providers.csv import currencies
from smartfolio_app.providers.csv.headings import normalise

_CLASSES = {
    AssetClass.ETF: "etf etfs etn fonds indiciel|exchange traded fund|fonds indiciels cotes|tracker",
    AssetClass.FUND: "fund funds fonds mutual mutualfund opcvm sicav fcp investmentfund fondo fondos beleggingsfonds",
    AssetClass.BOND: "bond bonds obligation obligations anleihe bono obbligazione obligatie bill",
    AssetClass.COMMODITY: "etc commodity commodities metal gold silver edelmetall matiere",
    AssetClass.DERIVATIVE: (
        "cfd cfds option options opt fop future futures fut warrant warrants war iopt certificate certificat turbo "
        "derivative derivatives fx forex contrat knock-out"
    ),
    AssetClass.CRYPTO: "crypto cryptocurrency cryptomonnaie cryptomonnaies",
    AssetClass.STOCK: (
        "stock stocks share shares action actions aktie aktien equity equities stk accion acciones azione azioni "
        "aandeel aandelen rights droits adr reit common preferred"
    ),
}
_BY_WORD = {word: kind for kind, text in _CLASSES.items() for word in text.replace("|", " ").split()}


def class_of(text: str, default: AssetClass = AssetClass.STOCK) -> AssetClass:
    """Return the class that a broker's word for it means: ``"Fonds indiciel coté"`` -> ETF; ``default`` if unknown."""
    name = normalise(text)
    if "fonds indiciel" in name or "exchange traded fund" in name:
        return AssetClass.ETF
    for word in name.replace("(", " ").replace(")", " ").replace("/", " ").split():
        if word in _BY_WORD:
            return _BY_WORD[word]
    return default


def in_major(price: Decimal, currency: str) -> tuple[Decimal, str]:
    """Return a price in the currency itself where it is quoted in hundredths of it (``GBX``, ``GBp``, ``ZAc``)."""
    major = currencies.MINOR.get(currency.strip())
    if major is None:
        return price, currency.strip().upper()
    return price.scaleb(-2), major
