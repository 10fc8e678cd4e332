"""Rebalancing as a use case: the user's targets and rules, and the plan drawn from what they own. It never trades."""
