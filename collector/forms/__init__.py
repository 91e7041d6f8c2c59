"""Embeddable forms: declared in `models/forms/`, served as pages and snippets, landed as submissions."""
