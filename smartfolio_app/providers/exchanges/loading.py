"""One exchange of ccxt at a time.

``import ccxt`` runs the modules of more than a hundred exchanges twice over (ninety megabytes, a second). What one
exchange needs is its own module and the base class; so the two package modules that would import all the others are
put in place empty, with the names that the base classes look for. Only this module imports ccxt.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import Any

_lock = Lock()


def exchange_class(name: str) -> Any:
    """Return ccxt's class of the exchange ``name``; raise ``ModuleNotFoundError`` when ccxt has none."""
    with _lock:
        _prepare()
        return getattr(import_module(f"ccxt.async_support.{name}"), name)


def errors() -> ModuleType:
    """Return the module with ccxt's errors."""
    with _lock:
        _prepare()
        return import_module("ccxt.base.errors")


def exchange_ids() -> list[str]:
    """Return the ids of all exchanges ccxt has."""
    with _lock:
        _prepare()
    folder = Path(sys.modules["ccxt.async_support"].__path__[0])
    return sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")


def _prepare() -> None:
    """Put ``ccxt`` and ``ccxt.async_support`` in place without running them, unless they were run already."""
    if "ccxt" in sys.modules:
        return
    spec = find_spec("ccxt")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("ccxt")
    folder = next(iter(spec.submodule_search_locations))
    package = _package("ccxt", folder)
    try:
        package.__dict__.update(
            {name: value for name, value in vars(import_module("ccxt.base.errors")).items() if name[0] != "_"}
        )
        package.__dict__["Exchange"] = import_module("ccxt.base.exchange").Exchange
        _package("ccxt.async_support", f"{folder}/async_support")
    except BaseException:
        del sys.modules["ccxt"]
        raise


def _package(name: str, folder: str) -> ModuleType:
    module = ModuleType(name)
    module.__path__ = [folder]
    sys.modules[name] = module
    return module
