"""The dashboard's row of tiles that look ahead."""

from __future__ import annotations

from smartfolio_app.components.decision_tiles import decision_tiles as decision_tiles_row
from smartfolio_app.errors import InvalidInputError
from smartfolio_app.state import decision_tiles
from smartfolio_app.state.dashboard import DashboardState
from smartfolio_app.state.decision_tiles import DecisionTile, TileEntry
from smartfolio_app.state.figures import UNKNOWN, Figures
from smartfolio_app.state.places import PLACES


def _fails(_db, _view, _figures):
    raise InvalidInputError("risk.no_such_window", window="x", allowed="30")


def test_what_one_tile_cannot_tell_costs_no_other(monkeypatch):
    told = DecisionTile("12 %")
    entries = (
        TileEntry("broken", "/risk", "risk.tile", "shield-half", _fails),
        TileEntry("whole", "/risk", "risk.tile", "shield-half", lambda _db, _view, _figures: told),
    )
    monkeypatch.setattr(decision_tiles, "TILES", entries)
    assert set(decision_tiles.waiting()) == {"broken", "whole"}
    read = decision_tiles.read(None, None, Figures())
    assert read["whole"] == told
    assert read["broken"].headline == UNKNOWN
    assert read["broken"].detail


def test_every_tile_opens_a_page_of_its_own():
    opens = {entry.key: entry.address for entry in decision_tiles.TILES}
    assert opens == {
        "risk": "/risk",
        "regime": "/signals",
        "mood": "/signals",
        "drift": "/rebalancing",
        "alerts": "/alerts",
    }
    assert set(opens.values()) <= {place.address for place in PLACES}
    drawn = str(decision_tiles_row(DashboardState.outlook).render())
    for key, address in opens.items():  # the link that covers the tile
        assert drawn.count(f'\\"{address}\\"') + drawn.count(f'"{address}"') >= 1, key
    keys = [entry.key for entry in decision_tiles.TILES]
    assert len(set(keys)) == len(keys)
