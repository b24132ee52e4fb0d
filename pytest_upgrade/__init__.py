"""What a cloud does while it is upgraded: phases, things that outlive it, evidence of releases, verdicts."""
