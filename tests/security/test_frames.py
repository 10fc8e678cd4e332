from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartfolio_app.security.frames import DEEPEST, is_ours

NAME = "reflex___state____state.smartfolio_app___state___base____app_state.load"


@pytest.mark.parametrize(
    "frame",
    [
        "1",
        "40",
        "40/_event,",
        '40/_event,{"event":{"name":"reflex___state____state.hydrate","payload":{},"router_data":{"pathname":"/"}}}',
        "41/_event,",
        f'42/_event,["event",{{"name":"{NAME}","payload":{{"source":"x"}},"router_data":{{"query":{{}}}}}}]',
        f'42/_event,17["event",{{"name":"{NAME}"}}]',
        '42/_event,["ping"]',
        '42/_event,["client_error",{"message":"x"}]',
        "43/_event,17[]",
    ],
)
def test_what_our_pages_send_passes(frame):
    assert is_ours(frame)


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "4",
        "5",
        "6",
        "x",
        "٤2",
        "42",
        "42/_event,",
        "42[",
        "42{}",
        "42[1]",
        '42["event"]',
        '42["event",1]',
        '42["event",{}]',
        '42["event",{"name":1}]',
        '42["event",{"name":"x","payload":[]}]',
        '42["event",{"name":"x","router_data":1}]',
        '42["event",{"name":"x"},1]',
        '42["event",{"name":"x"}]trailing',
        '451-["x",{"_placeholder":true,"num":0}]',
        "40[1]",
        '42/a b,["ping"]',
        "44/_event,x",
        '42/_event,9999999999["ping"]',
        '42["event",{"name":"unknown.handler"}]',
        '42["event",{"name":"x","router_data":{"pathname":5}}]',
        '42["event",{"name":"x","router_data":{"query":1}}]',
        '40/_event,{"event":{"name":"unknown.handler"}}',
        '40/_event,{"event":{"name":"x","router_data":{"asPath":[]}}}',
        '40/_event,{"event":1}',
        f'42["{"x" * 65}"]',
        '42["event",{"name":"x","payload":' + "[" * 5000 + "]" * 5000 + "}]",
        '42["event",{"name":"x","payload":{"a":' + "[" * DEEPEST + "]" * DEEPEST + "}}]",
    ],
)
def test_anything_else_does_not(frame):
    assert not is_ours(frame, known=lambda name: name != "unknown.handler")


@given(st.text(max_size=200))
def test_no_text_at_all_breaks_the_check(text):
    for frame in (text, "4" + text, "42" + text, "42/_event," + text):
        is_ours(frame)
