"""One heavy chart a file."""
