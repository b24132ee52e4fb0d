"""A queue of test runs over Gearman: a monitor that keeps each job's life, and workers that come, die and go."""
