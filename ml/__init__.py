"""Predictions: one file per model in `ml/models/`, and the machinery that trains, judges, explains and records them."""
