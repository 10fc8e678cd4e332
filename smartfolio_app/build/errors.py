"""What can go wrong while the frontend is built."""

from __future__ import annotations

from smartfolio_app.errors import SmartFolioError


class FrontendBuildError(SmartFolioError):
    """The frontend could not be built; ``params`` say at which step and where the log is."""

    status = 500
