"""Every table of other people's is compared with by a test, or named here with the reason why it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.shared
ROOT = Path(__file__).resolve().parents[2]
#: By folder or file: the test that compares.
COMPARED = {
    "costbasis/rp2": "tests/golden/test_rp2.py",
    "costbasis/average_cost_adjustedcostbase.json": "tests/golden/test_average_cost.py",
    "irr/pyxirr_xirr_a.json": "tests/golden/test_irr.py",
    "performance/pp_irr.json": "tests/golden/test_irr.py",
    "performance/pp_scenarios": "tests/golden/test_portfolio_performance.py",
    "performance/ghostfolio": "tests/golden/test_ghostfolio.py",
    "risk": "tests/analytics/risk/test_risk_against_libraries.py",
}
#: The United Kingdom's share matching: the same day first, then the 30 days after the sale, then the pool. It is a
#: method of its own that none of the six is, and that looks into the future of a sale (``docs/gains.md`` says so).
NOT_COMPARED = {"costbasis/uk_hmrc_optional": "share matching of the same day and of 30 days"}


def test_no_table_is_left_out_in_silence(shared_dir):
    golden = shared_dir / "samples/golden"
    files = [path.relative_to(golden).as_posix() for path in golden.rglob("*") if path.is_file()]
    known = (*COMPARED, *NOT_COMPARED)
    assert files
    assert [name for name in files if not name.startswith(known)] == []


@pytest.mark.parametrize("name", COMPARED)
def test_the_test_that_compares_a_table_reads_it(name):
    assert name.rpartition("/")[2] in (ROOT / COMPARED[name]).read_text()


def test_the_method_that_is_not_offered_is_named_in_the_documentation():
    assert "share matching" in (ROOT / "docs/gains.md").read_text()
