"""The front door: receives events, webhooks and forms over HTTP and makes them durable landing files."""
