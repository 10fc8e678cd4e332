"""Sessions, passwords, tokens, origin checks, headers and limits."""
