"""What Glance does behind its API."""
