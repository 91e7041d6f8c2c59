"""The `millrace` command: run the job, show a plan, explain a score, show a timeline."""
