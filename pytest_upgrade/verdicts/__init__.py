"""What samples say: outages with their bounds, ratios, percentiles; and the verdicts that follow from them."""
