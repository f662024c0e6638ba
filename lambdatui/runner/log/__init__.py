"""The runner's log: its schema, its writer, and the lines that Lambda itself writes."""
