"""A sample shop: a year of data with planted truths, and local endpoints to push to."""
