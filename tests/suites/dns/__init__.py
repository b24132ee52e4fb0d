"""What Designate does behind its API."""
