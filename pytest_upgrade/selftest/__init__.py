"""Known faults before a server of our own: whether the observer on this machine sees each, and nothing else."""
