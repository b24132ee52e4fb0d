"""A cloud after the tests is the cloud before them: what a run left is found, told, and removed."""
