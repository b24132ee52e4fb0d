"""Whether the services of a cloud are well: what they report, what endpoints answer, what their own checks say."""
