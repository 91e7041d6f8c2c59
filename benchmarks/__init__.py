"""Measurements of Millrace, each beside a lower bound taken in the same run."""
