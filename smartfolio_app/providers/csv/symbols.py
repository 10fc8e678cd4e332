"""How exports name coins, and the names this application uses instead. The only place that knows either."""

from __future__ import annotations

import re
from collections.abc import Iterable

from smartfolio_app.ledger.assets import AssetId, crypto

#: CoinTracking numbers a ticker that several coins share. The well-known ones: its ticker -> (ours, name).
COINTRACKING = {
    "AERO4": ("AERO", "Aerodrome Finance"),
    "AI11": ("AI", "Sleepless AI"),
    "ALT8": ("ALT", "Altlayer"),
    "APE6": ("APE", "ApeCoin"),
    "APT3": ("APT", "Aptos"),
    "ATOM2": ("ATOM", "Cosmos"),
    "BANANA6": ("BANANA", "Banana Gun"),
    "BTT4": ("BTT", "BitTorrent New"),
    "DOT2": ("DOT", "Polkadot"),
    "EDU3": ("EDU", "Open Campus"),
    "EGLD3": ("EGLD", "MultiversX"),
    "FLR2": ("FLR", "Flare"),
    "GMT5": ("GMT", "GMT"),
    "GST9": ("GST", "Green Satoshi Token SOL"),
    "HEI2": ("HEI", "Heima"),
    "HFT2": ("HFT", "Hashflow"),
    "ICP2": ("ICP", "Internet Computer"),
    "ID2": ("ID", "SPACE ID"),
    "IMX2": ("IMX", "Immutable"),
    "INJ2": ("INJ", "Injective"),
    "IO2": ("IO", "io.net"),
    "IOTA2": ("IOTA", "IOTA"),
    "MIOTA": ("IOTA", "IOTA"),
    "JUP2": ("JUP", "Jupiter"),
    "LUNA2": ("LUNC", "Terra Classic"),
    "LUNA3": ("LUNA", "Terra v2"),
    "MAV2": ("MAV", "Maverick Protocol"),
    "MELANIA2": ("MELANIA", "Official Melania Meme"),
    "MEME10": ("MEME", "Memecoin"),
    "NFP2": ("NFP", "NFPrompt"),
    "NTRN2": ("NTRN", "Neutron"),
    "OMNI4": ("OMNI", "Omni Network"),
    "PENGU7": ("PENGU", "Pudgy Penguins"),
    "PEPE4": ("PEPE", "Pepe"),
    "PIXEL3": ("PIXEL", "Pixels"),
    "PNUT2": ("PNUT", "Peanut the Squirrel"),
    "POL3": ("POL", "Polygon"),
    "PORTAL5": ("PORTAL", "Portal"),
    "RON4": ("RON", "Ronin"),
    "S5": ("S", "Sonic"),
    "SAGA3": ("SAGA", "Saga"),
    "SEI2": ("SEI", "Sei"),
    "SGB2": ("SGB", "Songbird"),
    "SOL2": ("SOL", "Solana"),
    "SPX3": ("SPX", "SPX6900"),
    "STRK2": ("STRK", "Starknet"),
    "SUI3": ("SUI", "Sui"),
    "SUN2": ("SUN", "Sun"),
    "TAO6": ("TAO", "Bittensor"),
    "THETA2": ("THETA", "Theta Network"),
    "TIA3": ("TIA", "Celestia"),
    "UNI2": ("UNI", "Uniswap"),
    "VIC4": ("VIC", "Viction"),
    "VVV3": ("VVV", "Venice Token"),
    "W2": ("W", "Wormhole"),
    "WAL3": ("WAL", "Walrus"),
    "WLD3": ("WLD", "Worldcoin"),
    "XAI8": ("XAI", "Xai"),
    "XNO2": ("XNO", "Nano"),
}


class CoinTrackingTickers:
    """Translates one CoinTracking file's tickers.

    A file that has both ``LUNA3`` and ``LUNA`` uses the plain one for another coin. That one keeps an id of its own,
    ``crypto:LUNA.CT``, so that two coins are never added up or priced as one.
    """

    def __init__(self, tickers: Iterable[str]) -> None:
        present = {ticker.strip().upper() for ticker in tickers}
        taken = {COINTRACKING[ticker][0] for ticker in present if ticker in COINTRACKING}
        # LUNC is the same coin under both its tickers; so is IOTA.
        self._others = (taken & present) - {"LUNC", "IOTA"}

    def resolve(self, ticker: str) -> tuple[AssetId, str, str]:
        """Return the asset id, the symbol to show and the name ("" when unknown) of a ticker."""
        code = ticker.strip().upper()
        if known := COINTRACKING.get(code):
            return crypto(known[0]), known[0], known[1]
        if code in self._others:
            return crypto(f"{code}.CT"), code, ""
        return crypto(code), code, ""


_KRAKEN = {
    "XXBT": "BTC", "XBT": "BTC", "XETH": "ETH", "XLTC": "LTC", "XXRP": "XRP", "XXLM": "XLM", "XXMR": "XMR",
    "XZEC": "ZEC", "XETC": "ETC", "XREP": "REP", "XMLN": "MLN", "XICN": "ICN", "XXDG": "DOGE", "XDG": "DOGE",
    "XXVN": "VEN", "XNMC": "NMC", "XDAO": "DAO", "ZEUR": "EUR", "ZUSD": "USD", "ZGBP": "GBP", "ZCAD": "CAD",
    "ZJPY": "JPY", "ZKRW": "KRW", "ZAUD": "AUD", "ETH2": "ETH", "LUNA": "LUNC", "LUNA2": "LUNA", "UST": "USTC",
}  # fmt: skip
_KRAKEN_SUFFIX = re.compile(r"\.(?:S|M|F|B|P|T|HOLD)$")
#: ``ATOM21.S``: staked with a bonding time in days.
_KRAKEN_BONDED = re.compile(r"(?<=[A-Z])\d{2}$")


def kraken(code: str) -> str:
    """Return the usual ticker for a Kraken asset code, staked and held variants included: ``XXBT.M`` -> ``BTC``."""
    upper = code.strip().upper()
    bare = _KRAKEN_SUFFIX.sub("", upper)
    if bare != upper:
        bare = _KRAKEN_BONDED.sub("", bare)
    return _KRAKEN.get(bare, bare)


#: Contract addresses of the tokens that rotki's generic files name by their chain id.
_TOKENS = {
    "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48": "USDC",
    "0xdac17f958d2ee523a2206206994597c13d831ec7": "USDT",
    "0x6b175474e89094c44da98b954eedeac495271d0f": "DAI",
    "0x1f9840a85d5af5bf1d1762f925bdaddc4201f984": "UNI",
    "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2": "WETH",
    "0x2260fac5e5542a773aa44fbcfedf7c193bc2c599": "WBTC",
    "0x514910771af9ca656af840dff83e8264ecf986ca": "LINK",
    "0x7fc66500c84a76ad7e9c93437bfc5ac33e2ddae9": "AAVE",
    "0xae7ab96520de3a18e5e111b5eaab095312d7fe84": "STETH",
    "0x9f8f72aa9304c8b593d555f12ef6589cc3a579a2": "MKR",
    "0x95ad61b0a150d79219dcf64e1e6cc01f0b64c4ce": "SHIB",
    "0x7d1afa7b718fb893db30a3abc0cfc608aacfebb0": "MATIC",
}
_CAIP = re.compile(r"(?:[a-z0-9]+:\d+/)?(?:erc20|token):(0x[0-9a-fA-F]{40}|[1-9A-HJ-NP-Za-km-z]{32,44})")


def caip(identifier: str) -> str:
    """Return the ticker of a chain asset id (``eip155:1/erc20:0x…``); of an unknown token, its address."""
    match = _CAIP.fullmatch(identifier.strip())
    if match is None:
        return identifier.strip()
    return _TOKENS.get(match[1].lower(), match[1])


_WELL_KNOWN_COINS = """
BTC ETH USDT USDC BNB XRP SOL ADA DOGE TRX TON DOT MATIC POL AVAX LTC BCH LINK XLM XMR ATOM UNI ETC ICP FIL HBAR APT
ARB OP NEAR VET ALGO AAVE MKR EGLD EOS XTZ SAND MANA AXS THETA FTM GRT INJ RUNE SUI SEI TIA IMX LDO CRV SNX COMP YFI
SUSHI ZEC DASH NEO IOTA KSM WAVES ZRX BAT ENJ CHZ GALA APE SHIB PEPE BONK WIF FLOKI DAI BUSD TUSD USDP FDUSD PYUSD
WBTC WETH STETH WSTETH RETH CBETH BETH ETH2 CRO NEXO KCS OKB LEO BGB FTT CELO ROSE KAVA QTUM ZIL ICX ONT LUNC USTC
XNO MIOTA DCR SC ZEN REP BTG BSV XEM STRK WLD TAO FET RNDR RENDER JUP PYTH ORDI KAS XDC CFX ENS LRC DYDX GMX PAXG
"""
#: Coins that a file of mixed things may name without saying that they are coins. Tickers which are as well known as
#: shares (``T``, ``V``, ``C``) are left out on purpose.
WELL_KNOWN_COINS = frozenset(_WELL_KNOWN_COINS.split())


def looks_like_coin(symbol: str) -> bool:
    """Tell whether a bare ticker is far better known as a coin than as anything else."""
    return symbol.strip().upper() in WELL_KNOWN_COINS
