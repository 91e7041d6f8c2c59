"""Dagster only: assets, checks, schedules and sensors around what the other packages do."""
