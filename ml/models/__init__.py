"""One file per prediction model, found by presence: a module with a constant MODEL."""
