"""A figure to take along: ``make`` puts it into one small file with everything it is computed from."""

from smartfolio_app.services.bundles.making import KINDS, as_file, file_name, make, stop

__all__ = ["KINDS", "as_file", "file_name", "make", "stop"]
