"""Journeys: a file in `models/journeys/`, compiled to SQL, advanced for all contacts at once by `tick`."""
