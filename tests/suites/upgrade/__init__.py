"""What has to hold of all services around an upgrade."""
