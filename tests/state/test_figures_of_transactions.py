"""The Transactions page: what its sources told stands as it was told; what it was worth opens its explanation."""

from __future__ import annotations

from smartfolio_app.pages.transactions import transactions as page_of
from smartfolio_app.services import demo
from smartfolio_app.state.base import AppState
from smartfolio_app.state.transactions import TransactionsState
from smartfolio_app.storage.engine import session_scope
from tests.state.figures_on_page import shown_on, unexplained
from tests.state.tab import call, tab

#: What a source told of a transaction, in which row of which file, and how many there are: no figures of ours.
TOLD = frozenset(
    {
        "summary",
        "page_text",
        "day",
        "clock",
        "out",
        "got",
        "fee",
        "value",
        "note",
        "raw",
        "line",
        "file",
        "external_id",
        "account",
    }
)


async def test_what_a_transaction_was_worth_is_told_by_its_explanation(settings):
    with session_scope() as db:
        user = demo.demo_user(db).id
    page = await tab(TransactionsState, user, "/transactions")
    worths = 0
    kinds = {one.kind: one.id for one in page.rows}
    assert len(kinds) > 3
    for currency in ("EUR", "USD"):
        await call(await page.get_state(AppState), "choose_currency", currency)
        for one in kinds.values():
            await call(page, "open_details", one)
            problems, explained = unexplained(page_of, page, user, TOLD)
            assert not problems, "\n".join(problems)
            worths += explained
            shown = shown_on(page_of, page).get("worth", [])
            assert [figure for _, figure in shown] == [f"transaction:{one}"] * len(shown)
            assert page.details.worth not in {page.details.out, page.details.got, page.details.value} - {""}
    assert worths > len(kinds)
