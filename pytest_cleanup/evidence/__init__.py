"""What is kept of a leak: all that tells why it is still there, in a folder of its own."""
