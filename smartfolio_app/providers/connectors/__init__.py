"""Live sources: accounts that are read over the network. Adding one is adding one file with a ``CONNECTORS`` tuple."""

from smartfolio_app.providers.connectors.base import (
    Access,
    Connector,
    CredentialsRefusedError,
    KeyCheck,
    Page,
)
from smartfolio_app.providers.connectors.registry import all_connectors, connector, has_connector

__all__ = [
    "Access",
    "Connector",
    "CredentialsRefusedError",
    "KeyCheck",
    "Page",
    "all_connectors",
    "connector",
    "has_connector",
]
