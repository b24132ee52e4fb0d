"""All kinds of resources that are known, one module per service."""
