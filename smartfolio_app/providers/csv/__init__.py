"""One file a format, on one small base."""
