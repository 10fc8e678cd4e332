"""Ways of telling somebody: one file a kind of channel. Whoever calls them runs in a worker thread."""
