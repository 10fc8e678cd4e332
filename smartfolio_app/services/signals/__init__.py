"""What the market's mood is said to be: fetching it, and what pages and REST are told of it."""
