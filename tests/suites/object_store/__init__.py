"""What Swift does behind its API."""
