"""What is left of something whose owner is gone: each test looks for one kind, in all of the cloud.

What is just being made or removed is no orphan: only what stays for a minute counts. A server, a port and a volume
that are well show that each look sees what it is to see.
"""
