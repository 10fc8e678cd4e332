"""The group taxonomy: eleven groups, wrapped coins with what they wrap, the user's word first."""

from __future__ import annotations

import pytest

from smartfolio_app.analytics.group_symbols import GROUP_OF, MEMBERS, UNDERLYING
from smartfolio_app.analytics.groups import GROUPS, group_of
from smartfolio_app.ledger.assets import Asset, AssetClass, asset_id


def coin(symbol):
    return Asset(asset_id(AssetClass.CRYPTO, symbol), AssetClass.CRYPTO, symbol)


@pytest.mark.parametrize(
    ("symbol", "group"),
    [
        ("BTC", "BTC"), ("WBTC", "BTC"), ("TBTC", "BTC"), ("ETH", "ETH"), ("WSTETH", "ETH"), ("RETH", "ETH"),
        ("STETH", "ETH"), ("CBETH", "ETH"), ("SOL", "SOL"), ("JITOSOL", "SOL"), ("MSOL", "SOL"), ("SOL2", "SOL"),
        ("USDT", "STABLECOINS"), ("USDC", "STABLECOINS"), ("EURC", "STABLECOINS"), ("EURS", "STABLECOINS"),
        ("ADA", "L1"), ("DOT.S", "L1"), ("XRP", "L1"), ("ARB", "L2"), ("MATIC", "L2"), ("STMATIC", "L2"),
        ("UNI", "DEFI"), ("AAVE", "DEFI"), ("FET", "AI"), ("RNDR", "AI"), ("AXS", "GAMING"), ("SAND", "GAMING"),
        ("DOGE", "MEME"), ("PEPE", "MEME"), ("NEVERHEARDOFIT", "OTHERS"), ("42", "OTHERS"),
    ],
)  # fmt: skip
def test_well_known_coins_are_where_a_reader_expects_them(symbol, group):
    assert group_of(coin(symbol)) == group


def test_the_user_s_word_wins_by_asset_or_by_symbol():
    assert group_of(coin("DOGE"), {"crypto:DOGE": "L1"}) == "L1"
    assert group_of(coin("DOGE"), {"DOGE": "L1"}) == "L1"
    assert group_of(coin("DOGE"), {"crypto:DOGE": ""}) == "MEME"


def test_what_is_no_coin_is_grouped_by_its_class():
    assert group_of(Asset("stock:MKR", AssetClass.ETF, "MKR")) == "etf"
    assert group_of(Asset("fiat:EUR", AssetClass.FIAT, "EUR")) == "fiat"
    assert group_of(Asset("item:1", AssetClass.ITEM, "House")) == "item"


def test_every_coin_is_in_one_group_only_and_every_form_has_a_group():
    listed = [symbol for symbols in MEMBERS.values() for symbol in symbols.split()]
    assert len(listed) == len(set(listed))
    assert set(MEMBERS) == set(GROUPS) - {"OTHERS"}
    assert all(coin_ in GROUP_OF for coin_ in UNDERLYING.values())
    assert not set(UNDERLYING) & set(listed)
