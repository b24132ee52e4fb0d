"""What Cinder does behind its API."""
