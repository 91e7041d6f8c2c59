"""Keeps models equal in destinations: plan in the warehouse, deliver from the ledger, settle as receipts."""
