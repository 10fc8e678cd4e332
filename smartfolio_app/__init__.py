"""SmartFolio: a self-hosted wealth cockpit."""
