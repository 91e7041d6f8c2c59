"""The front door: receives events and webhooks over HTTP and makes them durable landing files."""
