"""The runner's log: what it holds (``schema``), who writes it, and the lines that Lambda itself writes."""
