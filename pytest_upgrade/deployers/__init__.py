"""Deployers that come along: by hand, and by commands."""
