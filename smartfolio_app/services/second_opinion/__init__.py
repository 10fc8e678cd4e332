"""A second opinion on realised gains: the same transactions by another engine, compared to the cent."""
