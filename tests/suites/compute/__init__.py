"""What Nova does behind its API."""
