"""The observer: a process of its own that asks a cloud on a fixed schedule, and writes down what it was answered."""
