"""What Placement counts, against what there is."""
