"""Several runs beside each other: what differs between two, and how those of one kind go over time."""
