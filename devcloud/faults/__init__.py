"""Faults on purpose: each can be broken, seen on the real cloud, and mended."""
