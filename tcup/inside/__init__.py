"""What runs in tcup's container: a job comes by standard input, and what becomes of it goes out as lines of JSON.

Nothing is written but to a file system in memory, and nothing leaves that has a secret in it.
"""
