"""Tests of a cloud, one folder per service; `stackproof_suites` once installed."""
