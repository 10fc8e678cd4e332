"""REST: thin routers and schemas over the same services as the pages."""
