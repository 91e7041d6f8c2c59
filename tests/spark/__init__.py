"""The same models on DuckDB and on a standalone Spark cluster, compared row by row."""
