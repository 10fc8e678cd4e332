"""What the API takes and gives. Amounts are decimal text in both directions; what is not known is ``null``."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from smartfolio_app.ledger.money import plain

#: Row numbers are 64 bits wide in the database.
LARGEST_ID = 2**63 - 1
_DIGITS = 60
_MAGNITUDE = 40


def _read_amount(value: Any) -> Decimal:
    """Read an amount exactly: decimal text or a whole number. A JSON fraction has been a float already."""
    if isinstance(value, Decimal):
        number = value
    elif isinstance(value, str | int) and not isinstance(value, bool) and str(value).isascii():
        try:
            number = Decimal(value)
        except InvalidOperation as error:
            raise ValueError("not a decimal number") from error
    else:
        raise ValueError('write amounts as text, such as "1234.56"')
    if not number.is_finite() or len(number.as_tuple().digits) > _DIGITS:
        raise ValueError("not a finite number of at most 60 digits")
    if number and abs(number.adjusted()) > _MAGNITUDE:
        raise ValueError("larger or smaller than any amount of money")
    return number


#: An exact amount: decimal text on the wire.
Amount = Annotated[
    Decimal,
    BeforeValidator(_read_amount),
    PlainSerializer(plain, return_type=str),
    WithJsonSchema(
        {"type": "string", "examples": ["1234.56"], "description": "an exact decimal number as text"}
    ),
]
Category = Literal["crypto", "stocks", "wealth"]
Label = Annotated[str, Field(max_length=200)]
Note = Annotated[str, Field(max_length=5000)]


class Answer(BaseModel):
    """Base of everything that is given: readable from the dataclasses of the services."""

    model_config = ConfigDict(from_attributes=True)


class Body(BaseModel):
    """Base of everything that is taken: a misspelt field is an error, not silence."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Done(BaseModel):
    """It is done, and there is nothing more to say."""

    done: Literal[True] = True


class Problem(BaseModel):
    """What went wrong: a stable code, a sentence in the caller's language, and the values in it.

    ``request_id`` is that of ``X-Request-Id``: with it, the operator finds the request's lines in the log.
    """

    code: str
    message: str
    detail: dict[str, Any]
    request_id: str = ""


class ErrorAnswer(BaseModel):
    """The shape of every error."""

    error: Problem


# ------------------------------------------------------------------------------------------------------ sources
class SourceOut(Answer):
    """One source and how it is."""

    key: str
    label: str
    category: str
    kind: str
    provider: str
    configured: bool
    visible: bool
    active: bool
    status: str
    reason: str
    last_sync: datetime | None
    counts: dict[str, int]
    id: str


class SourcesOut(Answer):
    """Every source, and the WealthBar's choice per category (``all`` or a source's key)."""

    sources: list[SourceOut]
    current_source: dict[str, str]


class SourceIn(Body):
    """A source to add: which provider, and what to call it."""

    provider: Annotated[str, Field(max_length=40)]
    label: Label = ""
    separate: bool = Field(
        default=False, description="another account than the one already filled from files"
    )
    config: dict[Annotated[str, Field(max_length=40)], Annotated[str, Field(max_length=200)]] = {}


class SourceChange(Body):
    """What to change of a source."""

    label: Label | None = None
    active: bool | None = None


class FileOut(Answer):
    """One uploaded file that is kept."""

    id: str
    name: str
    format: str
    size: int
    sha256: str
    uploaded_at: datetime
    source_key: str


# -------------------------------------------------------------------------------------------------- wealth items
class ValuationOut(Answer):
    """What an item was worth on a day, in its currency."""

    day: date
    value: Amount
    note: str


class ItemOut(Answer):
    """One wealth item with its history, oldest valuation first."""

    id: str
    kind: str
    name: str
    currency: str
    note: str
    is_liability: bool
    created_at: datetime
    closed_on: date | None
    valuations: list[ValuationOut]


class ItemsOut(Answer):
    """All wealth items, and the kinds there are (kind -> whether it is owed)."""

    items: list[ItemOut]
    kinds: dict[str, bool]


class ItemIn(Body):
    """A wealth item to add, with its first valuation where ``value`` is given (``day``: today when left out)."""

    kind: Annotated[str, Field(max_length=24)]
    name: Label
    currency: Annotated[str, Field(max_length=8)]
    value: Amount | None = None
    day: date | None = None
    note: Note = ""


class ItemChange(Body):
    """What to change of a wealth item. ``closed_on``: the day it was sold or repaid; ``null`` opens it again."""

    kind: Annotated[str, Field(max_length=24)] | None = None
    name: Label | None = None
    currency: Annotated[str, Field(max_length=8)] | None = None
    note: Note | None = None
    closed_on: date | None = None


class ValuationIn(Body):
    """What an item is worth."""

    value: Amount
    note: Label = ""


# ------------------------------------------------------------------------------------------------ users, settings
class MeOut(Answer):
    """Who is calling, and by what."""

    user_id: str
    name: str
    is_admin: bool
    is_demo: bool
    scope: str
    via: str


class SettingsOut(Answer):
    """How the user wants to see their picture."""

    base_currency: str
    language: str
    theme: str
    time_zone: str
    number_style: str
    small_balance_threshold: Amount
    cost_basis_method: str
    cost_basis_pooling: str
    cost_basis_years: str
    long_term_rule: str
    pnl_anchor: str
    privacy: bool
    scope_crypto: str
    scope_stocks: str
    scope_wealth: str


class SettingsChange(Body):
    """Settings to change; what is left out stays."""

    base_currency: Annotated[str, Field(max_length=8)] | None = None
    language: Annotated[str, Field(max_length=8)] | None = None
    theme: Annotated[str, Field(max_length=8)] | None = None
    time_zone: Annotated[str, Field(max_length=64)] | None = None
    number_style: Annotated[str, Field(max_length=16)] | None = None
    small_balance_threshold: Amount | None = None
    cost_basis_method: Annotated[str, Field(max_length=16)] | None = None
    cost_basis_pooling: Annotated[str, Field(max_length=16)] | None = None
    cost_basis_years: Annotated[str, Field(max_length=2000)] | None = None
    long_term_rule: Annotated[str, Field(max_length=8)] | None = None
    pnl_anchor: Annotated[str, Field(max_length=16)] | None = None
    privacy: bool | None = None
    scope_crypto: Annotated[str, Field(max_length=80)] | None = None
    scope_stocks: Annotated[str, Field(max_length=80)] | None = None
    scope_wealth: Annotated[str, Field(max_length=80)] | None = None


class GroupIn(Body):
    """The group a coin belongs to for this user; empty puts it back where it usually is."""

    group: Annotated[str, Field(max_length=40)]


class DeviceOut(Answer):
    """One signed-in device."""

    id: str
    label: str
    address: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    current: bool


class TokenOut(Answer):
    """What is kept of an API token; ``hint`` is its last four characters."""

    id: str
    name: str
    scope: str
    hint: str
    created_at: datetime
    used_at: datetime | None


class TokenIn(Body):
    """An API token to make."""

    name: Label = ""
    scope: Literal["read", "write"] = "read"


class NewTokenOut(TokenOut):
    """A new token. ``token`` is shown here and never again."""

    token: str


class PasswordIn(Body):
    """The password in force, and the new one."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)

    current: Annotated[str, Field(max_length=1024)]
    new: Annotated[str, Field(max_length=1024)]


class AuditOut(Answer):
    """One thing that was done."""

    id: int
    at: datetime
    action: str
    detail: dict[str, str]
    address: str


# ------------------------------------------------------------------------------------------------------- prices
class PriceIn(Body):
    """A price set by hand: 1 ``asset`` = ``price`` ``currency`` on ``day`` (today when left out)."""

    asset: Annotated[str, Field(max_length=80)]
    price: Amount
    currency: Annotated[str, Field(max_length=8)]
    day: date | None = None


class PriceOut(Answer):
    """A price the user has set."""

    asset: str
    currency: str
    price: Amount
    at: datetime
