"""The addresses at which a provider may answer: which of them it is, is found out by asking."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from smartfolio_app.providers.errors import ProviderRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from smartfolio_app.providers.answers import Answer
    from smartfolio_app.providers.http import ProviderClient

Found = TypeVar("Found")


class Addresses:
    """A client for each address; the first one that knows what is asked for is the only one from then on."""

    def __init__(self, clients: Sequence[ProviderClient]) -> None:
        self._clients = list(clients)

    @property
    def client(self) -> ProviderClient:
        """The client of the address that works, or is tried first."""
        return self._clients[0]

    def ask(self, question: Callable[[ProviderClient], Answer[Found]]) -> Answer[Found]:
        """Return the first answer that is not "no such thing here". Raises ``ProviderError``."""
        *others, last = self._clients
        for client in others:
            try:
                answer = question(client)
            except ProviderRefusedError as error:
                if error.http_status != 404:
                    raise
            else:
                self._clients = [client]
                return answer
        answer = question(last)
        self._clients = [last]
        return answer
