"""What a run is about: options and where they stand, places, and which run is meant."""
