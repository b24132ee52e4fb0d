"""Each test of the suites made to fail on a real cloud, by breaking what it looks at while it runs."""
