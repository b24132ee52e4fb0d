"""Who made what: each request that changes the cloud is written down with the test that sent it."""
