"""The doors of the APIs: HAProxy, its certificate, and the addresses that clients use."""
