"""What the kernel of a host says of it, and what it can be told."""
