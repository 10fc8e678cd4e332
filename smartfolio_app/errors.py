"""The one root of every error SmartFolio raises on purpose.

A ``SmartFolioError`` is meant to be read by a person: it carries the key of a translated sentence and the values
that fill it, so the same error reads right in every language, on a page, in the REST error shape and in the shell.
"""

from __future__ import annotations


class SmartFolioError(Exception):
    """An expected failure.

    ``code`` is a stable machine-readable name (``import.not_a_table``) and doubles as the key of its sentence in
    ``smartfolio_app/i18n`` (under ``error.``); ``params`` fill the sentence. ``status`` is the HTTP status that the
    REST edge answers with.
    """

    status: int = 400

    def __init__(self, code: str, /, **params: object) -> None:
        self.code = code
        self.params = params
        super().__init__(code, params)

    def __str__(self) -> str:
        detail = ", ".join(f"{name}={value}" for name, value in self.params.items())
        return f"{self.code}({detail})" if detail else self.code


class NotFoundError(SmartFolioError):
    """The thing asked for does not exist, or belongs to somebody else (the two look the same from outside)."""

    status = 404


class NotAllowedError(SmartFolioError):
    """The caller is known but may not do this."""

    status = 403


class NotSignedInError(SmartFolioError):
    """The caller is not known, or no longer."""

    status = 401


class ConflictError(SmartFolioError):
    """The request is well formed but collides with what is stored."""

    status = 409


class InvalidInputError(SmartFolioError):
    """A value given by the caller cannot be used; ``params`` name it and say what would do."""

    status = 422
