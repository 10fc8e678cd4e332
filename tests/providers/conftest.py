"""A loopback stand-in for the providers, and a gateway that retries without waiting."""

import pytest

from smartfolio_app.providers.http import Gateway, Limits
from tests.loopback.server import LoopbackServer

FAST = Limits(
    connect=10.0, read=10.0, deadline=20.0, max_bytes=2 * 1024 * 1024, backoff=0.001, backoff_max=0.002
)


@pytest.fixture
def server():
    with LoopbackServer() as running:
        yield running


@pytest.fixture
def calls():
    return []


@pytest.fixture
def gateway(calls):
    gateway = Gateway(recorder=calls.append, limits=FAST)
    yield gateway
    gateway.close()
