"""Tests of ml, one file per subject; `synthetic` makes the tables with planted truths."""
