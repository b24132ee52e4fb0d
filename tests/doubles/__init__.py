"""Doubles that are real servers."""
