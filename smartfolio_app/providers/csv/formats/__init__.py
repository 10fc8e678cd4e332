"""One file an institution's export (or a few that differ only in their columns); each declares ``FORMATS``."""
