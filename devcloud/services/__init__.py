"""The daemons of a cloud: what each is, how it is started and restarted, and whether it does its work."""
