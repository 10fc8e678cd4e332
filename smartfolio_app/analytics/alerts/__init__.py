"""PURE: rules of alerts. One file a kind: inputs in, fired or not out, with the figures it was judged by."""
