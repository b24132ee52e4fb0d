"""The kinds of deployment that are known by heart, as tables."""
