"""What can be done with a server; each returns it when Nova is done, or raises `ServerError` with Nova's reason."""
