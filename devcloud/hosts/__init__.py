"""Hosts in namespaces: their networks, their switches, their files."""
