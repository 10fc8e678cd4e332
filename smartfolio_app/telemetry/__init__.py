"""What the running server tells of itself to machines: log lines, request ids, counters. It knows no other room."""
