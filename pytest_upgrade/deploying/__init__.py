"""An upgrade that a deployer does under test, and what of it is at work."""
