"""Which codes are currencies. Everything else in a crypto export is a coin."""

from __future__ import annotations

_ISO = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLF
CLP CNH CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EEK EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL
HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LTL LVL LYD
MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR
RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH
UGX USD UYU UZS VEF VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWL
"""
#: ISO 4217 codes in use, and the few recent ones that old exports still carry.
ISO = frozenset(_ISO.split())

_TRADED = """
AED ARS AUD BGN BRL CAD CHF CLP CNY COP CZK DKK EUR GBP GHS HKD HRK HUF IDR ILS INR ISK JPY KES KRW KZT MAD MXN MYR
NGN NOK NZD PEN PHP PKR PLN QAR RON RUB SAR SEK SGD THB TRY TWD UAH USD UYU VND ZAR
"""
#: The currencies that crypto venues trade. In their exports any other code is a coin: ``MNT`` is Mantle.
TRADED = frozenset(_TRADED.split())

#: Quoted in hundredths: the code, the currency it is a hundredth of.
MINOR = {"GBX": "GBP", "GBp": "GBP", "GBPX": "GBP", "ZAc": "ZAR", "ZAX": "ZAR", "ILA": "ILS", "ILX": "ILS"}

_SIGNS = {
    "€": "EUR",
    "£": "GBP",
    "¥": "JPY",
    "₹": "INR",
    "₽": "RUB",
    "₩": "KRW",
    "₺": "TRY",
    "₪": "ILS",
    "฿": "THB",
}
_SIGNS |= {
    "US$": "USD",
    "C$": "CAD",
    "A$": "AUD",
    "R$": "BRL",
    "CHF": "CHF",
    "Fr": "CHF",
    "kr": "",
    "zł": "PLN",
    "$": "USD",
}


def is_currency(code: str) -> bool:
    """Tell whether ``code`` is an ISO currency code (upper case)."""
    return code in ISO


def of_sign(unit: str) -> str:
    """Return the currency that a sign or code written next to a number means, "" when it says none."""
    unit = unit.strip()
    if unit.upper() in ISO:
        return unit.upper()
    return _SIGNS.get(unit, "")
