"""The words by which headings and cells of unknown tables are understood, in the languages exports come in."""

from __future__ import annotations

import re

from smartfolio_app.ledger.transactions import TransactionKind
from smartfolio_app.providers.csv.headings import normalise

#: Headings (normalised) by role, the surest first. English, French, German, Spanish, Dutch, Italian, Portuguese.
_HEADINGS: dict[str, str] = {
    "date": (
        "date; datum; fecha; data; run date; trade date; transaction date; date & time; date/time; datetime; "
        "timestamp; date operation; date d'operation; date de l'operation; date de transaction; buchungstag; "
        "buchungsdatum; handelstag; date (utc); utc time; booking date; posting date; posted date; operation date; "
        "created at; executed at; execution date; completed date; date comptable; date de comptabilisation; fecha "
        "operacion; data operazione; transactiedatum; boekdatum; time (utc); when; day; jour; tag"
    ),
    "time": "time; heure; uhrzeit; hora; ora; tijd; heure d'execution",
    "type": (
        "type; action; side; transaction type; transaction; kind; activity; activity type; operation; operation "
        "type; typ; art; tipo; soort; sens; type d'operation; type de transaction; buy/sell; buy / sell; movement; "
        "order type; transaktionstyp; vorgang; tipo de operacion; tipo operazione; transactietype; category"
    ),
    "asset": (
        "symbol; ticker; asset; coin; token; cryptocurrency; code; ticker symbol; actif; crypto; instrument; "
        "security; stock; market; wertpapier; titre; valeur mobiliere; activo; aktie; symbole; simbolo; symbool; "
        "wkn; action code; base currency; base asset; currency pair; pair; paire; product; produit; produkt; "
        "devise crypto; coin symbol; titolo; strumento; fonds; ativo; titulo"
    ),
    "isin": "isin; isin code; code isin; isin/wkn",
    "name": (
        "name; security name; nom; bezeichnung; security description; nombre; nome; naam; produktname; libelle "
        "titre; instrument name; company; fund name"
    ),
    "class": (
        "asset class; asset type; security type; instrument type; instrumenttype; classe d'actif; type d'actif"
    ),
    "quantity": (
        "quantity; qty; units; shares; number of shares; no. of shares; volume; size; quantite; nombre; nb; menge; "
        "anzahl; stuck; stuckzahl; cantidad; aantal; quantita; quantidade; nombre de parts; nombre de titres; "
        "balance"
    ),
    "price": (
        "price; unit price; price per unit; price per share; share price; prix; prix unitaire; cours; kurs; preis; "
        "precio; prezzo; koers; preco; spot price; rate; price ($); stuckpreis; prix d'achat; execution price; "
        "unitprice"
    ),
    "total": (
        "total; total price; total amount; net amount; amount; value; gross amount; montant; montant total; "
        "montant net; betrag; gesamt; gesamtbetrag; importe; importe total; valor; importo; importo totale; "
        "bedrag; totaal; cost; proceeds; umsatz; monto; amount ($); montant eur; net value; wert; valore; montant "
        "de l'operation"
    ),
    "currency": (
        "currency; ccy; devise; wahrung; moneda; divisa; valuta; munt; moeda; price currency; quote currency; "
        "currency code; monnaie; quote asset; currency (total); devise du compte"
    ),
    "received_quantity": (
        "received amount; receive amount; receive quantity; received quantity; buy amount; buy quantity; amount "
        "received; quantity received; quantite recue; montant recu; to amount; in amount; incoming amount; credit "
        "amount; cantidad recibida; empfangene menge; kauf; achat; buy; amount in; received; bought amount"
    ),
    "received_asset": (
        "received currency; received asset; buy currency; buy asset; actif recu; devise recue; to currency; to "
        "asset; in currency; incoming asset; activo recibido; empfangene wahrung; currency in; bought currency; "
        "received coin; receive currency; receive asset"
    ),
    "sent_quantity": (
        "sent amount; send amount; send quantity; sent quantity; sell amount; sell quantity; amount sent; quantity "
        "sent; quantite cedee; quantite envoyee; montant envoye; from amount; out amount; outgoing amount; spend "
        "amount; spent amount; cantidad enviada; gesendete menge; verkauf; vente; sell; amount out; sold amount"
    ),
    "sent_asset": (
        "sent currency; sent asset; sell currency; sell asset; actif cede; actif envoye; devise envoyee; from "
        "currency; from asset; out currency; outgoing asset; spend currency; activo enviado; gesendete wahrung; "
        "currency out; sold currency; sent coin; send currency; send asset; spent currency"
    ),
    "debit": (
        "debit; sortie; soll; ausgang; cargo; dare; af; paid out; money out; withdrawals; debit amount; amount "
        "debit; montant debit; debito; belastung; abbuchung; lastschrift; withdrawal; retrait; retraits; uit; "
        "sorties"
    ),
    "credit": (
        "credit; entree; haben; eingang; abono; avere; bij; paid in; money in; deposits; credit amount; amount "
        "credit; montant credit; credito; gutschrift; deposit; depot; depots; entrees"
    ),
    "fee": (
        "fee; fees; commission; frais; gebuhr; gebuhren; comision; comisiones; commissione; commissioni; kosten; "
        "costs; courtage; fee amount; commission ($); fees ($); trading fee; fees and commissions; frais de "
        "courtage; spese; provision; comissao; transaction fee; commissions; brokerage"
    ),
    "fee_currency": (
        "fee currency; fee coin; fee asset; feecurrency; feecoin; devise des frais; actif des frais; "
        "gebuhrenwahrung; moneda comision; valuta commissione; commission currency"
    ),
    "split_ratio": "split ratio; split; splitratio; ratio",
    "account": (
        "account; account name; wallet; exchange; compte; konto; plattform; platform; broker; portfolio; depot; "
        "cuenta; conto; rekening; location; plateforme; borse; conta; account number; numero de compte; wallet "
        "name"
    ),
    "note": (
        "note; notes; comment; comments; description; memo; libelle; details; detail; remark; verwendungszweck; "
        "buchungstext; kommentar; concepto; omschrijving; descrizione; comentario; descripcion; nota; remarque; "
        "payee; beneficiaire; commentaire"
    ),
    "id": (
        "id; transaction id; tx id; tx-id; txid; hash; tx hash; txhash; reference; order id; ref; trade id; "
        "reference id; referenz; referencia; external id; transaction hash; order number; transaction number; "
        "numero; referentie"
    ),
    "status": "status; statut; state; estado; stato; zustand",
}
HEADINGS: dict[str, tuple[str, ...]] = {
    role: tuple(name.strip() for name in names.split(";")) for role, names in _HEADINGS.items()
}
#: Headings that say nothing a reader needs; known so that they are not taken for something else.
_IGNORED = (
    "balance after; current balance; running balance; solde; saldo; kontostand; settlement date; value date; "
    "date de valeur; accrued interest ($); valutadatum; original description; labels; tags; fx rate; fxrate; "
    "exchange rate; taux de change"
)
IGNORED = frozenset(name.strip() for name in _IGNORED.split(";"))
#: Headings in a language that writes the day before the month.
_DAY_FIRST_WORDS = (
    "datum libelle montant compte devise frais quantite debit credit heure betrag buchungstag wahrung gebuhr "
    "menge fecha importe cantidad moneda comision concepto data importo quantita valuta bedrag omschrijving "
    "aantal koers naam operation cours sens actif recu valor descricao saldo konto"
)
_DAY_FIRST = frozenset(_DAY_FIRST_WORDS.split())

#: What a row's type word means for the row: a trade's side, a kind, or a direction of money.
BUY, SELL, SPLIT, TRADE, IN, OUT = "buy", "sell", "split", "trade", "in", "out"

_TYPES: dict[str, str] = {
    BUY: (
        "buy bought achat acheter acheté kauf kaufen gekauft compra comprar koop gekocht aankoop acquisto "
        "acquistato purchase b"
    ),
    SELL: (
        "sell sold vente vendre vendu verkauf verkaufen verkauft venta vender venda verkoop verkocht vendita "
        "venduto sale s"
    ),
    SPLIT: "split stock_split stocksplit aktiensplit division fractionnement",
    TRADE: (
        "trade swap exchange convert conversion échange echange tausch intercambio permuta ruil scambio handel"
    ),
    TransactionKind.DEPOSIT.value: (
        "deposit dépôt depot einzahlung depósito deposito ingreso storting versamento versement receive received "
        "recv transfer_in transfer-in transferin incoming virement-reçu topup top-up recibido empfangen reçu recu"
    ),
    TransactionKind.WITHDRAWAL.value: (
        "withdrawal withdraw retrait auszahlung retirada retiro opname prelievo levantamento send sent "
        "transfer_out transfer-out transferout outgoing enviado gesendet envoyé envoye"
    ),
    TransactionKind.DIVIDEND.value: (
        "dividend dividende dividends dividendo dividenden dividendi distribution ausschüttung"
    ),
    TransactionKind.INTEREST.value: (
        "interest intérêt intérêts interet interets zins zinsen interés intereses interes rente interessi coupon "
        "juros"
    ),
    TransactionKind.STAKING.value: "staking stake-reward staking_reward récompense-staking",
    TransactionKind.REWARD.value: (
        "reward rewards bonus cashback récompense recompense belohnung recompensa ricompensa referral rebate"
    ),
    TransactionKind.AIRDROP.value: "airdrop",
    TransactionKind.MINING.value: "mining minage minería mineria",
    TransactionKind.INCOME.value: "income revenu einnahme ingresos salary salaire gehalt entrate",
    TransactionKind.GIFT_IN.value: "gift-received gift_received",
    TransactionKind.GIFT_OUT.value: "gift gift-sent gift_sent donation don geschenk regalo",
    TransactionKind.FEE.value: (
        "fee fees frais gebühr gebuhr gebühren comisión comision commission commissione kosten costs custody"
    ),
    TransactionKind.TAX.value: (
        "tax taxe impôt impot steuer impuesto tassa belasting withholding ritenuta kapitalertragsteuer"
    ),
    TransactionKind.SPEND.value: "spend payment paiement dépense depense ausgabe gasto spesa purchase-card",
    TransactionKind.LOST.value: "lost perdu verloren perdido",
    TransactionKind.STOLEN.value: "stolen volé gestohlen robado",
    IN: "credit crédit credito haben cr c",
    OUT: "debit débit debito soll dr d",
}
WORDS: dict[str, str] = {
    normalise(word).replace("-", " "): meaning for meaning, words in _TYPES.items() for word in words.split()
}
#: Meanings a user may choose for a word of their own.
MEANINGS = frozenset(_TYPES) | {kind.value for kind in TransactionKind}


def meaning_of(text: str, own: dict[str, str] | None = None) -> str:
    """Return what a type cell means, "" when no word of it is known. ``own`` are the user's words and win."""
    name = normalise(text).replace("-", " ")
    for words in (own or {}, WORDS):
        known = (
            {normalise(word).replace("-", " "): meaning for word, meaning in words.items()}
            if words is own
            else words
        )
        if name in known:
            return known[name]
    tokens = re.findall(r"[^\W\d]+", name.replace("_", " "))
    found = {WORDS[token] for token in tokens if len(token) > 2 and token in WORDS}
    sides = found - {IN, OUT}
    if len(sides) == 1:
        return sides.pop()
    if not sides and len(found) == 1:
        return found.pop()
    return ""


def is_day_first(headers: tuple[str, ...]) -> bool:
    """Tell whether the headings are in a language that writes the day before the month."""
    return any(
        token in _DAY_FIRST for header in headers for token in normalise(header).replace("'", " ").split()
    )
