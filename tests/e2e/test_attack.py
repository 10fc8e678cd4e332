"""Nonsense and malice against the real server: nothing breaks, no crash is logged, memory is bounded."""

from __future__ import annotations

import asyncio
import functools
import io
import json
import os
import random
import re
import socket
import string
import time
import zipfile
import zlib
from collections.abc import Callable, Coroutine, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import schemathesis
import websockets
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as given_settings
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance
from websockets.asyncio.client import ClientConnection, connect

from smartfolio_app.state.imports import ImportsState
from tests.e2e.app import RunningApp

MEGABYTE = 1024 * 1024
FUZZ_SECONDS = 25.0
#: Above what an idle server takes: one upload in flight, an import, and what Python does not give back.
MOST_MEMORY = 400 * MEGABYTE

#: Fuzzing these would end the session it works with, call somebody outside, or take minutes.
NOT_FUZZED = (
    r"^/api/(users/\{user_id\}|users/me/password|users/me/tokens/\{token_id\}|prices/refresh|backups)"
)


@pytest.fixture(scope="module")
def target(built_frontend: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """A server of its own whose limits do not get in the way of the attack."""
    running = RunningApp(
        tmp_path_factory.mktemp("attacked") / "data",
        {
            "SECURITY_RATE_LIMIT_REFILL_RATE": "100000",
            "SECURITY_RATE_LIMIT_BURST_SIZE": "100000",
            "SMARTFOLIO_MAX_UPLOAD_MB": "2",
        },
    )
    running.start()
    yield running
    status, _ = running.stop()
    assert status == 0
    assert "Traceback" not in running.log(), running.log()[-6000:]


@pytest.fixture
def unhurt(target: RunningApp) -> Iterator[RunningApp]:
    """The server, which must be as well after the test as before it."""
    before = len(target.log())
    yield target
    assert httpx.get(f"{target.url}/healthz", timeout=60).status_code == 200
    assert httpx.get(f"{target.url}/readyz", timeout=60).status_code == 200
    assert "Traceback" not in target.log()[before:], target.log()[before:][-6000:]
    assert peak_memory(target) < MOST_MEMORY


def in_a_thread_of_its_own(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run an asynchronous test beside Playwright, whose own event loop runs in the main thread once it was used."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, test(*args, **kwargs)).result()

    return run


def peak_memory(app: RunningApp) -> int:
    """The most the server process ever had in memory, in bytes."""
    assert app.process is not None
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{app.process.pid}/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


# --------------------------------------------------------------------------------------------- the described API
@pytest.mark.slow
def test_nothing_that_fits_or_breaks_the_description_makes_an_internal_error(unhurt: RunningApp) -> None:
    """schemathesis: each operation in turn, with data that fits its description and data that does not."""
    headers = {"Authorization": f"Bearer {unhurt.token(unhurt.add_person(admin=True), 'write')}"}
    schema = schemathesis.openapi.from_url(f"{unhurt.url}/api/openapi.json", timeout=120)
    operations = [one.ok() for one in schema.exclude(path_regex=NOT_FUZZED).get_all_operations()]
    end, asked, broken = time.monotonic() + FUZZ_SECONDS, 0, []
    statuses: dict[int, int] = {}
    modes = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)
    turn = 0
    # In CI the first turn, which is the same each time; elsewhere as many new ones as there is time for.
    while time.monotonic() < end and not (turn and os.environ.get("CI")):
        for operation in operations:
            for mode in modes:
                if time.monotonic() > end:
                    break

                @given(case=operation.as_strategy(generation_mode=mode))
                @given_settings(
                    max_examples=4,
                    deadline=None,
                    database=None,
                    derandomize=turn == 0,
                    phases=[Phase.generate],
                    suppress_health_check=list(HealthCheck),
                )
                def attack(case: schemathesis.Case) -> None:
                    nonlocal asked
                    asked += 1
                    try:
                        answer = case.call(headers=headers, timeout=60)
                    except (UnicodeError, ValueError):
                        return  # the client cannot even send it
                    statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
                    if answer.status_code >= 500:
                        broken.append((answer.status_code, case.as_curl_command()[:600], answer.text[:300]))
                    elif answer.status_code < 300:
                        with_faults(case, answer)

                def with_faults(case: schemathesis.Case, answer: object) -> None:
                    try:
                        case.validate_response(
                            answer, checks=[response_schema_conformance, content_type_conformance]
                        )
                    except (Failure, FailureGroup) as fault:
                        broken.append(
                            (0, case.as_curl_command()[:300], str(getattr(fault, "exceptions", fault))[:600])
                        )

                with suppress(schemathesis.errors.SchemathesisError):  # there is no such data
                    attack()
        turn += 1
    print(f"{asked} calls of {len(operations)} operations, {turn} turns: {dict(sorted(statuses.items()))}")
    assert broken == [], "\n".join(map(str, broken[:10]))
    assert len(operations) > 40
    assert asked > 2 * len(operations)


# ------------------------------------------------------------------------------------------------ websocket frames
def random_frame(chance: random.Random) -> str | bytes:
    """Something a browser of ours would never send, or nearly something that it would."""
    letters = "".join(chance.choices(string.printable + "\x00é𝒳\u202e", k=chance.choice((0, 1, 8, 60, 900))))
    number = chance.choice(("", "0", "1", "13", "999999", "9" * 30))
    event = {
        "name": chance.choice(
            ("reflex___state____state.hydrate", "no.such.handler", "__init__", "", letters)
        ),
        "payload": chance.choice(({}, [], None, {"a": letters}, {"viewer": {"user_id": "x"}}, {"0": 10**40})),
        "router_data": chance.choice(({}, {"pathname": "/" + letters}, {"query": []}, 1)),
    }
    kinds: list[Callable[[], str | bytes]] = [
        lambda: letters,
        lambda: chance.choice("0123456789") + letters,
        lambda: f"4{chance.choice('0123456')}/_event,{number}{letters}",
        lambda: "42/_event," + json.dumps(["event", event]),
        lambda: "42/_event," + json.dumps([letters, event]),
        lambda: f"42/_event,{number}" + json.dumps([event]),
        lambda: "42/_event," + "[" * chance.choice((40, 5000)) + "]" * 40,
        lambda: "40/_event," + json.dumps({"event": event}),
        lambda: "40/" + letters,
        lambda: "42/_event," + json.dumps(["event", {"name": "x", "payload": {"a": "y" * 200_000}}]),
        lambda: (
            "45" + str(chance.randint(0, 99)) + "-/_event," + json.dumps([{"_placeholder": True, "num": 0}])
        ),
        lambda: chance.randbytes(chance.choice((0, 1, 50, 5000))),
        lambda: "2probe" + letters,
        lambda: "2" * chance.choice((1, 2, 8, 9)),
    ]
    return chance.choice(kinds)()


def socket_address(app: RunningApp) -> str:
    return f"ws://127.0.0.1:{app.port}/_event/?EIO=4&transport=websocket&token={uuid4()}"


async def throw_frames(app: RunningApp, cookie: str, seed: int, sockets: int) -> int:
    """Open sockets and say random things until each is closed; return how many frames were sent."""
    chance, sent = random.Random(seed), 0
    headers = {"Cookie": f"smartfolio_session={cookie}"} if cookie else {}
    for _ in range(sockets):
        async with connect(
            socket_address(app), origin=websockets.Origin(app.url), additional_headers=headers, max_size=None
        ) as client:
            with suppress(websockets.ConnectionClosed):
                if chance.random() < 0.7:
                    await client.send("40/_event,")
                for _ in range(chance.randint(1, 12)):
                    await client.send(random_frame(chance))
                    sent += 1
                await answers_of(client, 0.05)
    return sent


async def answers_of(client: ClientConnection, seconds: float) -> list[str | bytes]:
    """What comes back within some time."""
    answers: list[str | bytes] = []
    with suppress(TimeoutError, websockets.ConnectionClosed):
        async with asyncio.timeout(seconds):
            while True:
                answers.append(await client.recv())
    return answers


def session_of(app: RunningApp) -> str:
    person = app.add_person()
    answer = httpx.post(
        f"{app.url}/auth/login",
        data={"name": person.name, "password": person.password},
        headers={"Origin": app.url},
        timeout=60,
    )
    return answer.cookies["smartfolio_session"]


@in_a_thread_of_its_own
async def test_random_frames_end_their_own_socket_at_most(unhurt: RunningApp) -> None:
    cookie = await asyncio.to_thread(session_of, unhurt)
    counts = await asyncio.gather(
        *(throw_frames(unhurt, cookie if seed % 2 else "", seed, sockets=25) for seed in range(6))
    )
    print(f"{sum(counts)} frames over {6 * 25} sockets; {peak_memory(unhurt) / MEGABYTE:.0f} MB at most")
    assert sum(counts) > 300
    async with connect(
        socket_address(unhurt),
        origin=websockets.Origin(unhurt.url),
        additional_headers={"Cookie": f"smartfolio_session={cookie}"},
    ) as client:
        assert str(await client.recv()).startswith("0{")  # engine.io opens: nobody else was harmed


@in_a_thread_of_its_own
async def test_a_frame_that_unpacks_to_a_gigabyte_is_not_unpacked(unhurt: RunningApp) -> None:
    """permessage-deflate: a megabyte on the wire, zeros inside."""
    before = peak_memory(unhurt)
    async with connect(socket_address(unhurt), origin=websockets.Origin(unhurt.url), max_size=None) as client:
        assert client.protocol.extensions, "the server compresses; otherwise this proves nothing"
        await client.send("4" + "0" * (200 * MEGABYTE))
        await client.wait_closed()
    assert client.close_code in (1009, 1008)
    assert peak_memory(unhurt) - before < 60 * MEGABYTE


@pytest.mark.parametrize("origin", [None, "http://elsewhere.test", "null", "http://127.0.0.1:1"])
@in_a_thread_of_its_own
async def test_a_socket_of_another_page_is_not_opened(unhurt: RunningApp, origin: str | None) -> None:
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with connect(
            socket_address(unhurt), origin=None if origin is None else websockets.Origin(origin)
        ):
            pass
    assert refused.value.response.status_code == 403
    assert "content-security-policy" in refused.value.response.headers


# -------------------------------------------------------------------------------------------------- oversized bodies
LIMITED = {
    "/api/users/me": (MEGABYTE, "PATCH"),
    "/api/sources/import": (2 * MEGABYTE + 64 * 1024, "POST"),
    "/api/security/csp-report": (16 * 1024, "POST"),
    "/auth/login": (64 * 1024, "POST"),
    "/_upload": (10 * (2 * MEGABYTE + 64 * 1024), "POST"),
}


def raw(app: RunningApp, head: str, body: Iterable[bytes] = ()) -> bytes:
    """Send a request byte by byte as given; return the beginning of the answer."""
    with socket.create_connection(("127.0.0.1", app.port), timeout=60) as wire:
        wire.sendall(head.encode())
        with suppress(OSError):  # the server may close while we are still talking
            for part in body:
                wire.sendall(part)
        answer = b""
        with suppress(OSError):
            while b"\r\n\r\n" not in answer and (part := wire.recv(65536)):
                answer += part
    return answer


def headers_for(app: RunningApp, path: str, method: str, token: str, cookie: str) -> str:
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{app.port}", f"Origin: {app.url}"]
    if path == "/_upload":
        lines += [f"Cookie: smartfolio_session={cookie}", f"Reflex-Client-Token: {uuid4()}"]
        lines += [
            f"Reflex-Event-Handler: {ImportsState.get_full_name()}.receive",
            "Content-Type: multipart/form-data; boundary=x",
        ]
    elif path == "/auth/login":
        lines += ["Content-Type: application/x-www-form-urlencoded"]
    else:
        kind = "multipart/form-data; boundary=x" if path.endswith("import") else "application/json"
        lines += [f"Authorization: Bearer {token}", f"Content-Type: {kind}"]
    return "\r\n".join(lines) + "\r\n"


@pytest.fixture(scope="module")
def credentials(target: RunningApp) -> tuple[str, str]:
    """A token that may write, and a session."""
    return target.token(target.add_person(), "write"), session_of(target)


@pytest.mark.parametrize("path", LIMITED)
def test_a_body_too_large_is_refused_by_its_header(
    unhurt: RunningApp, credentials: tuple[str, str], path: str
) -> None:
    limit, method = LIMITED[path]
    head = headers_for(unhurt, path, method, *credentials)
    for length in (limit + 1, 10**12, 10**40):
        answer = raw(unhurt, f"{head}Content-Length: {length}\r\n\r\n")
        assert answer.split(b" ")[1] in (b"413", b"400"), answer[:300]
        assert b"content-security-policy" in answer.lower() or length == 10**40
    assert raw(unhurt, f"{head}Content-Length: -1\r\n\r\n").split(b" ")[1] == b"400"


@pytest.mark.parametrize("path", LIMITED)
def test_a_body_too_large_is_refused_while_it_streams(
    unhurt: RunningApp, credentials: tuple[str, str], path: str
) -> None:
    limit, method = LIMITED[path]
    head = headers_for(unhurt, path, method, *credentials)
    # Twice the limit and no end: a part of a form that never closes.
    opening = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    parts = [opening, *[b"x" * 65536] * (2 * limit // 65536 + 1)]
    answer = raw(
        unhurt,
        f"{head}Transfer-Encoding: chunked\r\n\r\n",
        (b"%x\r\n%s\r\n" % (len(part), part) for part in parts),
    )
    assert answer.split(b" ")[1] == b"413", answer[:300]


# ---------------------------------------------------------------------------------------------- decompression bombs
def zeros_workbook(size: int) -> bytes:
    """A workbook of some KB whose sheet unpacks to ``size`` bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(b"<worksheet><sheetData><row><c><v>")
            for _ in range(size // MEGABYTE):
                sheet.write(b"0" * MEGABYTE)
    return packed.getvalue()


def test_a_small_file_that_unpacks_to_very_much_is_refused(
    unhurt: RunningApp, credentials: tuple[str, str]
) -> None:
    before = peak_memory(unhurt)
    bomb = zeros_workbook(600 * MEGABYTE)
    assert len(bomb) < 2 * MEGABYTE
    answer = httpx.post(
        f"{unhurt.url}/api/sources/import",
        files={"file": ("balances.xlsx", bomb)},
        headers={"Authorization": f"Bearer {credentials[0]}"},
        timeout=60,
    )
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.json()["error"]["code"].startswith("import.")
    assert peak_memory(unhurt) - before < 100 * MEGABYTE


def test_a_compressed_body_is_not_unpacked(unhurt: RunningApp, credentials: tuple[str, str]) -> None:
    machine = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join([*(machine.compress(b"0" * MEGABYTE) for _ in range(600)), machine.flush()])
    before = peak_memory(unhurt)
    for path, (limit, method) in LIMITED.items():
        head = headers_for(unhurt, path, method, *credentials)
        head += f"Content-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n"
        status = raw(unhurt, head, iter((bomb,))).split(b" ")[1]
        assert status.startswith(b"4") or (path == "/auth/login" and status == b"303"), (path, status, limit)
    assert peak_memory(unhurt) - before < 60 * MEGABYTE
