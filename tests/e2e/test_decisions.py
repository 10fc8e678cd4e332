"""Risk and Rebalancing in the browser: what only a browser can show, each page opened once."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.accessibility import accessibility_faults
from tests.e2e.acts import PHONE, comes_true, fits, shoot

PATIENCE = 60_000
#: The share of a picture's pixels that are painted.
PAINTED = """(canvas) => {
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let painted = 0;
  for (let at = 3; at < pixels.length; at += 4) painted += pixels[at] > 0;
  return painted / (pixels.length / 4);
}"""


def test_targets_are_typed_planned_explained_and_taken_back(sample: Callable[..., Page]) -> None:
    page = sample()
    page.goto("/rebalancing?currency=EUR")
    expect(page.get_by_text("It never trades")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Set targets").click(timeout=PATIENCE)
    page.get_by_role("button", name="Majors", exact=True).click()
    expect(page.get_by_text("Exactly 100 %.")).to_be_visible(timeout=PATIENCE)
    save, field = (
        page.get_by_role("button", name="Save targets"),
        page.get_by_label("Target for Bitcoin, in per cent"),
    )
    field.fill("60")
    expect(page.get_by_text("10.0% too much.")).to_be_visible(timeout=PATIENCE)
    expect(save).to_be_disabled()
    field.fill("45,5")
    expect(page.get_by_text("4.5% left to give.")).to_be_visible(timeout=PATIENCE)
    field.fill("50")
    expect(save).to_be_enabled(timeout=PATIENCE)
    assert accessibility_faults(page) == []
    save.click()
    expect(page.locator(".plan-verdict")).to_contain_text("outside", timeout=PATIENCE)
    sale = page.locator(".plan tbody tr", has_text="Sell").first
    expect(sale).to_be_visible(timeout=PATIENCE)
    sale.get_by_role("button", name=re.compile("^Gain")).click()
    panel = page.get_by_role("dialog")
    expect(panel.get_by_text("Lot acquired then").first).to_be_visible(timeout=PATIENCE)
    panel.get_by_role("button", name="Close").click()

    whole = page.locator("label", has_text="Use new cash only")
    whole.click()
    page.get_by_label("Amount", exact=True).fill("1000")
    page.get_by_role("button", name="Plan", exact=True).click()
    expect(page.locator(".plan tbody .side").first).to_have_text("Buy", timeout=PATIENCE)
    expect(page.locator(".plan .side.sells")).to_have_count(0, timeout=PATIENCE)
    for name in ("CSV", "JSON"):
        link = page.get_by_role("link", name=name)
        expect(link).to_have_attribute("href", re.compile("1000"))
        address = link.get_attribute("href")
        answer = page.request.get(address)
        assert answer.ok
        assert "attachment" in answer.headers["content-disposition"]
        assert "buy" in answer.text()
        assert "sell" not in answer.text()
    assert accessibility_faults(page) == []
    shoot(page, "rebalancing")
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert fits(page)
    shoot(page, "rebalancing-phone")
    page.get_by_role("button", name="Change targets").click()
    page.get_by_role("button", name="Remove all targets").click(timeout=PATIENCE)
    expect(page.get_by_role("button", name="Set targets")).to_be_visible(timeout=PATIENCE)


def test_the_risk_page_draws_explains_and_measures_against_a_rate(sample: Callable[..., Page]) -> None:
    page = sample(theme="light")
    page.goto("/risk?currency=EUR")
    matrix = page.get_by_role("img", name=re.compile("Correlations of"))
    expect(matrix).to_be_visible(timeout=PATIENCE)
    canvas = matrix.locator("canvas")
    assert comes_true(page, lambda: canvas.evaluate(PAINTED) > 0.5)
    assert page.locator(".correlations *").count() <= 4, "one picture, however many cells"

    def told_under_the_pointer() -> bool:
        for part in (3, 4):  # it moves, also when the page has moved under it
            box = matrix.bounding_box()
            matrix.hover(position={"x": box["width"] / 2, "y": box["height"] / part})
        return "·" in page.locator(".matrix-cell").inner_text()

    assert comes_true(page, told_under_the_pointer)
    panel = page.get_by_role("dialog")
    expect(matrix).to_have_class("opens")
    page.mouse.down()
    told = float(page.locator(".matrix-cell").inner_text().split()[-1])
    page.mouse.up()
    expect(panel.get_by_text(re.compile("^Correlation of"))).to_be_visible(timeout=PATIENCE)
    result = panel.locator(".explain-result")
    assert comes_true(page, lambda: abs(float(result.inner_text().replace("−", "-")) - told) < 0.0101)
    panel.get_by_role("button", name="Close").click()
    box = matrix.bounding_box()
    matrix.hover(position={"x": min(76, box["width"] / 5) + 4, "y": 4})  # an asset with itself
    expect(page.locator(".matrix-cell")).to_contain_text("1.00")
    expect(matrix).to_have_class("")
    assert accessibility_faults(page) == []

    sharpe = page.get_by_role("button", name=re.compile("Sharpe"))
    before = sharpe.inner_text()
    page.get_by_label("Risk-free rate a year").fill("4")
    expect(sharpe).not_to_have_text(before, timeout=PATIENCE)
    sharpe.click()
    expect(panel.get_by_text("4.0%").first).to_be_visible(timeout=PATIENCE)
    panel.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="All −25 %").click()
    expect(page.locator(".shock-pair [role=status]")).to_be_visible(timeout=PATIENCE)
    page.locator(".shock-pair [role=status] button.why.large").click()
    expect(panel.get_by_text("Everything with a market price")).to_be_visible(timeout=PATIENCE)
    panel.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Simulate").click()
    middle = page.locator(".fan-ends button.why").nth(1)
    expect(middle).to_be_visible(timeout=PATIENCE)
    middle.click()
    expect(panel.get_by_text("Futures drawn")).to_be_visible(timeout=PATIENCE)
    expect(panel.get_by_text("10,000")).to_be_visible()
    panel.get_by_role("button", name="Close").click()
    shoot(page, "risk")
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert fits(page)
    assert comes_true(page, lambda: canvas.evaluate(PAINTED) > 0.5)
    shoot(page, "risk-phone")
