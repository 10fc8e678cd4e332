"""The kinds of wealth items, and which of them are owed rather than owned."""

from __future__ import annotations

#: Kind -> whether it is a liability, in the order in which they are offered.
ITEM_KINDS: dict[str, bool] = {
    "bank_account": False,
    "cash": False,
    "savings": False,
    "real_estate": False,
    "vehicle": False,
    "precious_metal": False,
    "insurance": False,
    "pension": False,
    "private_equity": False,
    "collectible": False,
    "receivable": False,
    "other_asset": False,
    "mortgage": True,
    "loan": True,
    "credit_card": True,
    "other_debt": True,
}


def is_liability(kind: str) -> bool:
    """Tell whether an item of this kind counts against the total."""
    return ITEM_KINDS[kind]
