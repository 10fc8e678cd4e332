"""A column mapping is saved by name, belongs to its user, and is used again when the same headings come back."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest

from smartfolio_app.errors import InvalidInputError, NotFoundError
from smartfolio_app.providers.csv.base import UnknownFormatError
from smartfolio_app.providers.csv.mapping import Mapping
from smartfolio_app.services import accounts, import_work, imports, mappings
from smartfolio_app.services.import_results import Request
from smartfolio_app.services.ledger_view import load_ledger

PASSWORD = "correct horse battery"
HEADERS = ("wann", "was", "menge", "eintausch", "wofür", "unklar")
FILE = (
    "wann,was,menge,eintausch,wofür,unklar\n"
    "2024-01-05 10:00:00,BTC,0.5,20000,EUR,a\n"
    "2024-01-06 10:00:00,ETH,2,4000,EUR,b\n"
).encode()
MAPPING = Mapping(
    shape="two_sided",
    columns={
        "date": (0,),
        "received_asset": (1,),
        "received_quantity": (2,),
        "sent_quantity": (3,),
        "sent_asset": (4,),
    },
    headers=HEADERS,
)


@pytest.fixture
def user_id(db):
    return accounts.create_user(db, "Ann", PASSWORD).id


def test_an_unknown_file_is_read_by_the_mapping_given_with_it(db, user_id):
    done = imports.commit(db, user_id, FILE, "own.csv", mapping=MAPPING)
    assert (done.added, done.source_key, done.rejected) == (2, "file_crypto", [])
    assert {one.received.asset for one in load_ledger(db, user_id).transactions} == {
        "crypto:BTC",
        "crypto:ETH",
    }


def test_a_saved_mapping_reads_files_with_the_same_headings(db, user_id):
    with pytest.raises(UnknownFormatError) as caught:
        imports.preview(db, user_id, FILE, "own.csv")
    assert caught.value.headers == HEADERS
    mappings.save(db, user_id, "My exchange", MAPPING, HEADERS)
    seen = imports.preview(db, user_id, FILE, "own.csv")
    assert (seen.mapping_name, seen.added) == ("My exchange", 2)
    spaced = FILE.replace(b"wann,was", b" Wann ,WAS")
    assert mappings.for_headers(db, user_id, (" Wann ", "WAS", *HEADERS[2:])).name == "My exchange"
    assert imports.preview(db, user_id, spaced, "own.csv").mapping_name == "My exchange"


def test_what_a_process_remembers_of_the_last_file_is_one_users_and_one_mappings(db, user_id):
    """A large file is read once for its preview and its import; never for somebody else or by other columns."""

    def seen(user, mapping=None):
        return import_work.preview_here(Request(user, FILE, "own.csv", mapping=mapping), lambda *_: None)

    swapped = dataclasses.replace(
        MAPPING,
        columns={
            **MAPPING.columns,
            "received_asset": (4,),
            "received_quantity": (3,),
            "sent_asset": (1,),
            "sent_quantity": (2,),
        },
    )
    right, wrong = ({row.asset: row.after for row in seen(user_id, one).effect} for one in (MAPPING, swapped))
    assert right["crypto:BTC"] == -wrong["crypto:BTC"] == Decimal("0.5")
    mappings.save(db, user_id, "My exchange", MAPPING, HEADERS)
    assert seen(user_id).mapping_name == "My exchange"
    other = accounts.create_user(db, "Ben", PASSWORD).id
    with pytest.raises(UnknownFormatError):
        seen(other)


def test_saving_again_under_a_name_replaces(db, user_id):
    first = mappings.save(db, user_id, " My  exchange ", MAPPING, HEADERS)
    second = mappings.save(db, user_id, "My exchange", Mapping(shape="positions"), HEADERS)
    assert first.id == second.id
    assert [one.mapping.shape for one in mappings.saved(db, user_id)] == ["positions"]


def test_a_mapping_is_given_as_json_or_by_name(db, user_id):
    saved = mappings.save(db, user_id, "My exchange", MAPPING, HEADERS)
    assert mappings.resolve(db, user_id, "My exchange") == MAPPING
    assert mappings.resolve(db, user_id, saved.id) == MAPPING
    assert mappings.resolve(db, user_id, MAPPING.to_json()) == MAPPING
    with pytest.raises(NotFoundError):
        mappings.resolve(db, user_id, "Another")
    with pytest.raises(InvalidInputError):
        mappings.resolve(db, user_id, "{not json")


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "a\x00"])
def test_a_name_that_cannot_be_shown_is_refused(db, user_id, name):
    with pytest.raises(InvalidInputError):
        mappings.save(db, user_id, name, MAPPING, HEADERS)


def test_another_users_mapping_does_not_exist(db, user_id):
    mappings.save(db, user_id, "Mine", MAPPING, HEADERS)
    eve = accounts.create_user(db, "Eve", PASSWORD).id
    assert mappings.saved(db, eve) == []
    assert mappings.for_headers(db, eve, HEADERS) is None
    for act in (lambda: mappings.named(db, eve, "Mine"), lambda: mappings.delete(db, eve, "Mine")):
        with pytest.raises(NotFoundError):
            act()
    mappings.delete(db, user_id, "Mine")
    assert mappings.saved(db, user_id) == []
