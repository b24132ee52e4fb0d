"""Look behind the APIs of an OpenStack cloud: hosts, domain XML, databases, configuration, services."""
