"""The one port to the data: settings, clock, connections, the dbt manifest, landing contracts and the loader."""
