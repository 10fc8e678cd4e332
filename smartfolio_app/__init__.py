"""SmartFolio: a self-hosted wealth cockpit."""

__version__ = "0.1.0"
