"""What the machine must be and have before it can carry a cloud."""
