"""What the benchmark command makes of its figures: ratios, regressions, and the page; with figures made up here."""

from __future__ import annotations

from benchmarks.compare import Health, Measurement, disagreements, ratios_of, regressions
from benchmarks.report import report


def figure(engine, task, count, seconds, answer="1.00", megabytes=100.0):
    return Measurement(engine, task, count, seconds, answer, megabytes, seconds)


FOUND = [
    figure("ours", "gains", 1_000, 0.01),
    figure("ours", "history", 1_000, 0.05),
    figure("ours", "dashboard", 1_000, 0.04),
    figure("rp2", "gains", 1_000, 0.5, "1.009"),
    figure("beancount", "gains", 1_000, 0.2),
    figure("ours", "read", 1_000, 0.02, ""),
    figure("ours", "cold", 1_000, 0.1, ""),
    figure("ours", "warm", 1_000, 0.02, ""),
    figure("ours", "edit", 1_000, 0.04, ""),
    figure("ours", "what_if", 1_000, 0.02, ""),
    figure("ours", "gains", 10_000, 0.1),
    figure("ours", "history", 10_000, 0.1),
    figure("ours", "dashboard", 10_000, 0.1),
]
MACHINE = {
    "command": "python -m benchmarks.compare --record",
    "day": "2024-05-01",
    "processor": "a processor",
    "cores": "2",
    "python": "3.11",
    "load": "0.1",
    "repeat": "3",
}


def test_a_ratio_is_how_many_times_longer_a_peer_takes():
    assert ratios_of(FOUND) == {
        "rp2 1000": 50.0,
        "beancount 1000": 20.0,
        "history 1000": 4.0,
        "dashboard 1000": 5.0,
        "read 1000": 10.0,
        "cold 1000": 2.0,
        "warm 1000": 10.0,
        "edit 1000": 5.0,
        "what_if 1000": 10.0,
        # No peer was measured at this size: what the largest one took stands for it.
        "gains 10000": 2.0,
        "history 10000": 2.0,
        "dashboard 10000": 2.0,
    }


def test_more_than_a_quarter_worse_than_recorded_is_a_regression():
    recorded = {"rp2 1000": 40.0, "edit 1000": 8.0, "gone": 3.0}
    assert regressions({"rp2 1000": 30.0, "edit 1000": 6.0, "new": 0.1}, recorded) == []
    assert regressions({"rp2 1000": 29.9, "edit 1000": 8.0}, recorded) == [
        "rp2 1000: 29.9 times faster, 40.0 recorded"
    ]
    assert regressions({"edit 1000": 5.9}, recorded) == ["edit 1000: 5.9 times faster, 8.0 recorded"]


def test_gains_that_differ_by_more_than_a_cent_are_a_disagreement():
    assert disagreements(FOUND) == []
    other = [*FOUND, figure("rp2", "gains", 10_000, 9.0, "1.02")]
    assert disagreements(other) == ["10,000 trades: ours 1.00, rp2 1.02"]


def test_the_page_tells_what_is_promised_measured_and_how_it_grows():
    health = [Health(1_000, 500, 0.002, 0.06, 0.2, 0.004)]
    large = [figure("ours", task, 100_000, 0.4, "", 240.0) for task in ("gains", "history", "dashboard")]
    found = [*FOUND, *large]
    text = report(found, health, ratios_of(found), MACHINE, {"rp2": "1.7", "beancount": "3.2"})
    rows = {
        line.split(" | ")[0].removeprefix("| "): line for line in text.splitlines() if line.startswith("|")
    }
    assert rows["FIFO gains"].endswith("| 0.25 s | 0.400 s | no |")
    assert rows["Five years of daily history"].endswith("| 0.5 s, 250 MB | 0.400 s, 240 MB | yes |")
    assert rows["Gains of a million"].endswith("| not measured |  |")
    assert rows["`/healthz` meanwhile, p99"].endswith("| 50 ms | 60 ms | no |")
    assert rows["Gains"] == "| Gains | 10.00 | 10.00 | 4.00 |", "microseconds a trade"
    assert "p99 60.0 ms, slowest 200 ms with 1,000 trades (500 answers; a server that" in text
    assert "asked in turns with it: p99 4.0 ms)" in text
    assert "Measured by `python -m benchmarks.compare --record`" in text
    assert "rp2 1.7 and beancount 3.2" in text
