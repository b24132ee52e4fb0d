"""A real OpenStack on one machine, from packages: hosts in namespaces, every service as a deployer would run it."""
