"""How Lambda's own lines begin: regular expressions for whatever looks for them in a text."""

HEADS = r"(?:START|END|REPORT) RequestId: |INIT_START |(?:INIT|RESTORE)_REPORT |RESTORE_START "
SURE_HEADS = r"(?:START|END|REPORT) RequestId: \S|INIT_START |(?:INIT|RESTORE)_REPORT |RESTORE_START "

SURE_LINES = r"(?:REPORT|START) RequestId: [0-9a-f]{8}-|\"platform\.(?:report|start)\""
"""Matches what the log of every invocation has: START or REPORT with an id, or their events in the JSON format."""
