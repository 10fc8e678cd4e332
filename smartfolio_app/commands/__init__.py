"""The shell's commands, one file a group. Each is thin: it asks the same services as the pages and the API."""
