"""What a page load costs: requests and bytes as they cross the wire, measured by the browser itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page


@dataclass
class Traffic:
    """Requests made and bytes received (compressed, with headers) since ``measure``."""

    sizes: dict[str, int] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)

    @property
    def requests(self) -> int:
        return len(self.urls)

    @property
    def kilobytes(self) -> float:
        return sum(self.sizes.values()) / 1000

    def largest(self, count: int = 5) -> list[tuple[str, int]]:
        """The heaviest answers, for a helpful failure message."""
        weighed = sorted(self.sizes.items(), key=lambda item: -item[1])
        return [(self.urls.get(request, "?"), size) for request, size in weighed[:count]]


def measure(page: Page) -> Traffic:
    """Begin to count; navigate afterwards and read the result when the page is shown."""
    traffic = Traffic()
    session = page.context.new_cdp_session(page)

    def on_request(event: dict[str, Any]) -> None:
        if not event["request"]["url"].startswith(("data:", "blob:")):
            traffic.urls[event["requestId"]] = event["request"]["url"]

    def on_finished(event: dict[str, Any]) -> None:
        traffic.sizes[event["requestId"]] = int(event["encodedDataLength"])

    session.on("Network.requestWillBeSent", on_request)
    session.on("Network.loadingFinished", on_finished)
    session.send("Network.enable")
    return traffic
