"""Journeys under a virtual clock, on a copy in memory: over the past (backtest, diff) and into the days ahead.

The warehouse is attached read-only while the copy is made and let go before anything runs, so nothing here can touch
live state or the live outbox.
"""
