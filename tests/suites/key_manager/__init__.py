"""What Barbican does behind its API."""
