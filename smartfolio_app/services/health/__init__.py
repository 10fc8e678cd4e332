"""Is everything in order? Small checks, one file each; the Trust page and ``smartfolio doctor`` read the same ones.

Every check looks at the thing itself. One that cannot find out says that, as an error: "OK" is never assumed.
"""

from smartfolio_app.services.health.examination import CHECKS, dismiss, examine, is_healthy, take_back
from smartfolio_app.services.health.findings import Bytes, Finding, Severity

__all__ = ["CHECKS", "Bytes", "Finding", "Severity", "dismiss", "examine", "is_healthy", "take_back"]
