"""The suites in a container: `tcup.py` is all that a user needs, `inside` is what runs in the container."""
