"""What a cloud has done and what it costs: requests, memory, time of the processors."""
