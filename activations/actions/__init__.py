"""What journeys ask of others (deals, tasks, notifications, calls, updates) handed over as rows of syncs."""
