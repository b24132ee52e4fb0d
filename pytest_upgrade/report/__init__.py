"""What is known of a run, for people: a page that stands by itself."""
