"""The page of formats names what the program reads, and nothing else."""

import re
from pathlib import Path

from smartfolio_app.providers.csv import formats

PAGE = Path(__file__).parents[2] / "docs" / "formats.md"


def test_every_format_stands_in_its_institutions_row() -> None:
    rows = dict(re.findall(r"^\| (.+?) \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    rows = {name: said for name, said in rows.items() if name not in ("institution", "---")}
    expected: dict[str, set[str]] = {}
    for one in formats():
        held = " (what is held)" if one.kind == "statement" else ""
        expected.setdefault(one.institution, set()).add(one.label + held)
    assert {name: set(said.split("; ")) for name, said in rows.items()} == expected
