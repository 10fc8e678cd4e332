"""CoinTracking's transaction types, in the languages of its export, as kinds of the ledger."""

from __future__ import annotations

from smartfolio_app.ledger.transactions import TransactionKind as Kind

_TYPES: dict[Kind, str] = {
    Kind.TRADE: (
        "trade; operación; operacion; transaction; échange; négoce; opération; handel; scambio; "
        "negociação; troca; transaktion"
    ),
    Kind.MARGIN_TRADE: (
        "margin trade; derivatives / futures trade; derivate / futures trade; operación de margen; "
        "trade sur marge; transaction sur marge; opération sur marge; échange sur marge; "
        "operación de derivados / futuros; derivados / futuros operación; trade dérivés / futures; "
        "produits dérivés / futures trade; dérivés / futures trade; trade de derivados / futuros"
    ),
    Kind.DEPOSIT: ("deposit; einzahlung; depósito; deposito; dépôt; depot; storting; deposito (transfer)"),
    Kind.WITHDRAWAL: (
        "withdrawal; auszahlung; retirada; retiro; retrait; prelievo; opname; saque; levantamento"
    ),
    Kind.INCOME: (
        "income; einnahme; ingreso; ingresos; revenu; revenus; entrada; reddito; other income; "
        "sonstige einnahme; otros ingresos; otro ingreso; autre revenu; autres revenus; altri redditi; "
        "income (non taxable); einnahme (steuerfrei); ingreso (no imponible); ingresos (no imponibles); "
        "ingreso (no sujeto a impuestos); ingresos (no sujetos a impuestos); "
        "ingreso (libre de impuestos); revenu (non imposable); revenus (non imposables); "
        "revenu (non taxable); revenus (non taxables)"
    ),
    Kind.GIFT_IN: (
        "gift/tip; gift / tip; geschenk; regalo/propina; regalo / propina; cadeau/pourboire; "
        "cadeau / pourboire; regalo/mancia; don reçu"
    ),
    Kind.REWARD: (
        "reward / bonus; reward/bonus; belohnung / bonus; recompensa / bono; recompensa / bonus; "
        "récompense / bonus; ricompensa / bonus; lp rewards; recompensas lp; récompenses lp; "
        "lp belohnungen; recompensas de lp"
    ),
    Kind.MINING: (
        "mining; minería; mineria; minage; mining (commercial); mining (kommerziell); "
        "minería (comercial); mining (comercial); minage (commercial)"
    ),
    Kind.AIRDROP: (
        "airdrop; airdrop (non taxable); airdrop (steuerfrei); airdrop (no imponible); "
        "airdrop (non imposable); airdrop (no sujeto a impuestos); airdrop (libre de impuestos)"
    ),
    Kind.FORK: ("fork; hard fork; bifurcación"),
    Kind.STAKING: ("staking; masternode; minting; acuñación; nodo maestro"),
    Kind.DIVIDEND: (
        "dividends income; dividenden einnahme; ingresos por dividendos; ingreso por dividendos; "
        "revenus de dividendes; revenu de dividendes; dividendes"
    ),
    Kind.INTEREST: (
        "interest income; zinsen; ingresos por intereses; ingreso por intereses; revenus d'intérêts; "
        "revenu d'intérêts; lending income; lending einnahme; ingresos por préstamos; "
        "ingreso por préstamo; ingresos por prestamos; revenus de prêts; revenu de prêt; "
        "revenus de prêt; intérêts"
    ),
    Kind.MARGIN_PROFIT: (
        "margin profit; margin gewinn; derivatives / futures profit; derivate / futures gewinn; "
        "ganancia de margen; beneficio de margen; ganancia de derivados / futuros; "
        "beneficio de derivados / futuros; bénéfice sur marge; profit sur marge; gain sur marge; "
        "profit dérivés / futures; bénéfice dérivés / futures; gain dérivés / futures"
    ),
    Kind.SPEND: (
        "spend; ausgabe; gasto; dépense; depense; spesa; other expense; sonstige ausgabe; otros gastos; "
        "otro gasto; autre dépense; autres dépenses; expense (non taxable); ausgabe (steuerfrei); "
        "gasto (no imponible); gasto (no sujeto a impuestos); gasto (libre de impuestos); "
        "dépense (non imposable); dépense (non taxable)"
    ),
    Kind.DONATION: ("donation; spende; donación; donacion; don; donazione; don caritatif"),
    Kind.GIFT_OUT: ("gift; schenkung; regalo; cadeau; présent"),
    Kind.STOLEN: ("stolen; stolen / hacked / fraud; gestohlen; robado; robo; volé; vol; rubato"),
    Kind.LOST: ("lost; verlust; perdido; pérdida; perdida; perdu; perte; perso"),
    Kind.FEE: (
        "other fee; sonstige gebühr; otras comisiones; otra comisión; autre frais; autres frais; "
        "borrowing fee; borrowing gebühr; comisión por préstamo; comisión de préstamo; frais d'emprunt; "
        "settlement fee; settlement gebühr; comisión de liquidación; frais de règlement; margin fee; "
        "margin gebühr; comisión de margen; frais de marge; frais"
    ),
    Kind.MARGIN_LOSS: (
        "margin loss; margin verlust; derivatives / futures loss; derivate / futures verlust; "
        "liquidation; pérdida de margen; pérdida de derivados / futuros; liquidación; perte sur marge; "
        "perte dérivés / futures"
    ),
    Kind.LOAN_IN: (
        "receive loan; darlehen erhalten; recibir préstamo; préstamo recibido; recevoir un prêt; "
        "prêt reçu; receive collateral; collateral erhalten; recibir colateral; colateral recibido; "
        "recevoir une garantie; garantie reçue; remove liquidity; liquidität entfernen; "
        "retirar liquidez; eliminar liquidez; retirer de la liquidité; retrait de liquidité; "
        "receive lp token; lp token erhalten; recibir token lp; recevoir un jeton lp; recevoir token lp"
    ),
    Kind.LOAN_OUT: (
        "repay loan; darlehen zurückgezahlt; devolver préstamo; pagar préstamo; rembourser un prêt; "
        "prêt remboursé; send collateral; collateral gesendet; enviar colateral; envoyer une garantie; "
        "garantie envoyée; provide liquidity; liquidität bereitstellen; proporcionar liquidez; "
        "proveer liquidez; aportar liquidez; fournir de la liquidité; apport de liquidité; "
        "return lp token; lp token zurückgeben; devolver token lp; rendre un jeton lp; "
        "retourner un jeton lp; retour token lp"
    ),
    Kind.SWAP: (
        "swap (non taxable); swap (steuerfrei); swap (no imponible); swap (no sujeto a impuestos); "
        "swap (libre de impuestos); swap (non imposable); swap (non taxable)"
    ),
}

#: A type as it is written, lower case -> what it is in the ledger.
KINDS: dict[str, Kind] = {
    word.strip(): kind for kind, words in _TYPES.items() for word in words.split(";") if word.strip()
}

#: Types that exchange one asset for another: both sides have to be there.
TWO_SIDED = frozenset({Kind.TRADE, Kind.MARGIN_TRADE, Kind.SWAP})
OUTGOING = frozenset(
    {
        Kind.WITHDRAWAL,
        Kind.SPEND,
        Kind.DONATION,
        Kind.GIFT_OUT,
        Kind.STOLEN,
        Kind.LOST,
        Kind.FEE,
        Kind.MARGIN_LOSS,
        Kind.LOAN_OUT,
    }
)
