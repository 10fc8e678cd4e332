"""The way in: detection, formats asked for by name, and files that are bent until they break."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smartfolio_app.errors import InvalidInputError
from smartfolio_app.providers.csv import BY_MAPPING, ReadOptions, detect, formats, parse, read_table
from tests.providers.csv.helpers import FIXTURES, answer

FILES = sorted(path for path in FIXTURES.iterdir() if path.suffix != ".toml")
TRADES = (FIXTURES / "cointracking_trades_en.csv").read_bytes()


def test_every_format_has_a_name_a_house_and_a_category():
    infos = formats()
    assert len(infos) >= 45
    assert len({info.id for info in infos}) == len(infos)
    assert BY_MAPPING not in {info.id for info in infos}
    for info in infos:
        assert info.label
        assert info.institution
        assert info.category in {"crypto", "stocks"}
        assert info.kind in {"transactions", "statement"}


def test_detection_tells_the_format_or_nothing():
    assert detect(read_table(TRADES)).info.id == "cointracking_trades"
    assert detect(read_table(b"a,b\n1,2\n")) is None


def test_a_format_that_there_is_not_or_that_this_is_not():
    with pytest.raises(InvalidInputError) as refused:
        parse(TRADES, format_id="nothing")
    assert refused.value.code == "import.no_such_format"
    with pytest.raises(InvalidInputError) as refused:
        parse(TRADES, format_id="kraken_ledgers")
    assert refused.value.code == "import.not_this_format"
    assert refused.value.params["format"] == "Kraken ledgers"


def test_a_time_zone_that_there_is_not():
    with pytest.raises(InvalidInputError) as refused:
        parse(TRADES, options=ReadOptions(time_zone="Europe/Atlantis"))
    assert refused.value.code == "import.unknown_time_zone"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_with_a_random_fault_is_read_or_refused_but_never_breaks(path):
    chance = random.Random(path.name)
    original = path.read_bytes()
    for _ in range(40):
        data = bytearray(original)
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(data))
            match chance.randrange(4):
                case 0:
                    data[at] = chance.randrange(256)
                case 1:
                    del data[at : at + chance.randrange(40)]
                case 2:
                    data[at:at] = chance.choice(
                        [b",", b'"', b"\n", b";;;", b"-", b"1e99", b"\x00", "é".encode("cp1252")]
                    )
                case _:
                    data = data[: chance.randrange(len(data)) + 1]
            if not data:
                break
        parsed, code = answer(bytes(data))
        assert parsed is not None or code.startswith("import.")


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.suffix == ".csv"], ids=lambda path: path.name
)
def test_a_file_with_its_cells_shuffled_is_read_or_refused_but_never_breaks(path):
    """Right headings over wrong cells: what a broken exporter, or an edit in a spreadsheet, leaves."""
    chance = random.Random(path.name)
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    for _ in range(10):
        turned = []
        for number, line in enumerate(lines):
            delimiter = ";" if line.count(";") > line.count(",") else ","
            cells = line.split(delimiter)
            if number and chance.random() < 0.7:
                chance.shuffle(cells)
            turned.append(delimiter.join(cells))
        parsed, code = answer("\n".join(turned).encode())
        assert parsed is not None or code.startswith("import.")


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data):
    parsed, code = answer(data)
    assert parsed is not None or code.startswith("import.")


@given(st.text(alphabet=st.sampled_from('abcDate;,\t|"\n\r 0123456789.-€$é{}[]<>='), max_size=300))
def test_any_text_is_read_or_refused(text):
    parsed, code = answer(text.encode())
    assert parsed is not None or code.startswith("import.")
