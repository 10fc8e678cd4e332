"""The product's own building blocks."""
