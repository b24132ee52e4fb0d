"""Which release of OpenStack a service is: candidates from many sources, and what they have in common."""
