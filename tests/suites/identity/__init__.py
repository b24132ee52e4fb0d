"""What Keystone does behind its API."""
