"""What Heat does behind its API."""
