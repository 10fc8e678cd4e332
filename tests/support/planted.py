"""What a planted secret would look like wherever it must not be, and what is in a backup once it is opened."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import tarfile
from pathlib import Path
from urllib.parse import quote, quote_plus

from smartfolio_app.keys import vault_keys
from smartfolio_app.services.backup_stream import DecryptingReader
from smartfolio_app.settings import load_settings
from tests.support.redis_server import Server


def needles(secret: str) -> list[bytes]:
    """A secret as it is, and as it looks in other clothes."""
    raw = secret.encode()
    found = {raw, raw.hex().encode(), raw.hex().upper().encode(), json.dumps(secret)[1:-1].encode()}
    found |= {
        quote(secret, safe="").encode(),
        quote_plus(secret).encode(),
        raw[::-1],
        secret.encode("utf-16-le"),
    }
    for offset in range(3):  # wherever in a longer text it stands
        padded = base64.b64encode(b"\0" * offset + raw)
        inner = padded[(offset * 8 + 5) // 6 : (len(raw) + offset) * 8 // 6]
        found |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    return sorted(found)


def opened_backup(data_dir: Path, file: Path) -> dict[str, bytes]:
    """What somebody who has the key finds in a backup: the content of each file by its name."""
    settings = load_settings(data_dir=data_dir)
    with file.open("rb") as source:
        reader = DecryptingReader(source, vault_keys=vault_keys(settings, create=False), passphrase="")
        with tarfile.open(fileobj=io.BytesIO(reader.read()), mode="r:gz") as tar:
            return {one.name: tar.extractfile(one).read() for one in tar.getmembers() if one.isfile()}


def files_under(*roots: Path) -> dict[str, bytes]:
    """The content of every file by its place; what goes away meanwhile (a server is at work) is not there any more."""
    found = {}
    for root in roots:
        for path in root.rglob("*"):
            with contextlib.suppress(FileNotFoundError):
                if path.is_file():
                    found[f"{root.name}/{path.relative_to(root)}"] = path.read_bytes()
    return found


def kept_in(server: Server) -> bytes:
    """All values in a Redis."""
    client, found = server.client, []
    for key in client.scan_iter():
        found.append(key)
        match client.type(key):
            case b"string":
                found.append(client.get(key) or b"")
            case b"hash":
                found += [part for pair in client.hgetall(key).items() for part in pair]
            case b"list":
                found += client.lrange(key, 0, -1)
            case b"set":
                found += client.smembers(key)
            case b"zset":
                found += client.zrange(key, 0, -1)
            case other:
                raise AssertionError(f"what is a {other!r}?")
    return b"\n".join(found)
