"""Nonsense in every field of every route: a clear refusal or a right answer, never an internal error."""

from __future__ import annotations

import json
import random
from typing import Any
from urllib.parse import quote

import pytest

from tests.api.conftest import token_of
from tests.api.test_isolation import lenient, things

__all__ = ["things"]

NONSENSE = [
    *(
        "",
        " ",
        "x",
        "0",
        "-1",
        "9" * 40,
        "1e5",
        "1e400",
        "NaN",
        "null",
        "true",
        "[]",
        "{}",
        "\x00",
        "%00",
        "é",
        "𝒳" * 50,
    ),
    *(
        "../..",
        "' OR 1=1 --",
        "a" * 3000,
        "2026-13-45",
        "0001-01-01",
        "9999-12-31",
        "2026-02-30",
        "\u202e",
        "1/0",
    ),
    *("all", "crypto:BTC", ":", "crypto:", "item:x", "10000000000000000000000", "2026-01-02T03:04:05"),
]
SENSE = [
    *(
        "1.5",
        "2026-01-02",
        "2026-01-02T03:04:05Z",
        "crypto:BTC",
        "fiat:EUR",
        "EUR",
        "deposit",
        "trade",
        "cash",
    ),
    *("manual_crypto", "file_crypto", "MEME", "fifo", "en", "read", "1d", "group", "value", "source"),
]
NO_TEXT = [None, 0, -1, 1.5, 10**30, True, [], {}, ["x"] * 10, {"a": {"b": {}}}]
FILES = [
    b"",
    b"a;b\n1;2",
    b"\x00\xff\xfe",
    b"Date;Type;Amount\n2024-01-01;buy;1",
    b"PK\x03\x04",
    b"[1,2",
    b"<a/>",
]
#: These would lock the caller out, or call somebody outside.
LEFT_OUT = (
    "/api/users/{user_id}",
    "/api/users/me/password",
    "/api/prices/refresh",
    "/api/users/me/tokens/{token_id}",
)


class Nonsense:
    """Makes calls out of an OpenAPI description; the same ones for the same seed."""

    def __init__(self, spec: dict[str, Any], ids: list[str], seed: int) -> None:
        self.schemas = spec["components"]["schemas"]
        self.ids = ids
        self.chance = random.Random(seed)

    def call(self, path: str, operation: dict[str, Any]) -> dict[str, Any]:
        query = {}
        for parameter in operation.get("parameters", []):
            text = self.chance.choice([*NONSENSE, *SENSE, *self.ids])
            if parameter["in"] == "path":
                path = path.replace("{%s}" % parameter["name"], quote(text, safe="") or "x")  # noqa: UP031
            elif self.chance.random() < 0.5:
                query[parameter["name"]] = text
        return {
            "url": path,
            "params": query,
            **self.body(operation.get("requestBody", {}).get("content", {})),
        }

    def body(self, content: dict[str, Any]) -> dict[str, Any]:
        for media_type, described in content.items():
            value = self.value(described["schema"], whole=True)
            if media_type == "application/json":
                return {"content": json.dumps(value), "headers": {"content-type": media_type}}
            fields = {name: str(part) for name, part in value.items() if name != "file"}
            return {"data": fields, "files": {"file": ("x.csv", self.chance.choice(FILES))}}
        return {}

    def value(self, schema: dict[str, Any], *, whole: bool = False, depth: int = 0) -> Any:
        if "$ref" in schema:
            schema = self.schemas[schema["$ref"].rpartition("/")[2]]
        if not whole and self.chance.random() < 0.35:
            return self.chance.choice([*NONSENSE, *NO_TEXT])
        if "anyOf" in schema:
            return self.value(self.chance.choice(schema["anyOf"]), depth=depth)
        if schema.get("type") == "object" and depth < 5:
            fields = schema.get("properties", {}).items()
            return {
                name: self.value(one, depth=depth + 1) for name, one in fields if self.chance.random() < 0.85
            }
        if schema.get("type") == "array":
            return [self.value(schema.get("items", {}), depth=depth + 1)]
        if schema.get("type") == "boolean":
            return self.chance.random() < 0.5
        return self.chance.choice([*SENSE, *NONSENSE])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
async def test_nonsense_never_breaks_anything(connect, things, alice, api, seed):
    api.state.limits.take = lenient
    client = connect(token=token_of(alice))
    spec = (await client.get("/api/openapi.json")).json()
    nonsense = Nonsense(spec, list(things.values()), seed)
    broken, statuses = [], set()
    for _ in range(8):
        for path, operations in spec["paths"].items():
            for method, operation in operations.items():
                if path in LEFT_OUT:
                    continue
                call = nonsense.call(path, operation)
                answer = await client.request(method.upper(), **call)
                statuses.add(answer.status_code)
                if answer.status_code >= 500:
                    broken.append((method, path, str(call)[:500]))
    assert broken == []
    assert statuses >= {200, 404, 422}
