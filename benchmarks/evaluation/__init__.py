"""Real data sets that models are judged on, one file each, found by presence.

A file defines `NEEDS`, the paths below `../shared/data` that it reads, and `evaluate(data)`, which takes that folder
and gives one `benchmarks.judged.Judged` per model. Nothing is registered anywhere.
"""
