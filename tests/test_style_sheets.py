"""Every page loads all style sheets: two of them must not mean different things by one class."""

from __future__ import annotations

import re
from collections import defaultdict

from smartfolio_app.settings import PROJECT_ROOT

#: A rule of a class alone, which holds wherever the class is used.
ALONE = re.compile(r"^\.([a-z0-9-]+)\s*[,{]", re.MULTILINE)


def test_a_class_alone_is_described_in_one_sheet():
    sheets = defaultdict(set)
    for path in sorted((PROJECT_ROOT / "assets" / "css").glob("*.css")):
        for name in ALONE.findall(path.read_text(encoding="utf-8")):
            sheets[name].add(path.name)
    assert len(sheets) > 100
    assert {name: found for name, found in sheets.items() if len(found) > 1} == {}
