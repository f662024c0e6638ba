"""How Lambda's own lines begin, for all that looks for them in a text."""

HEADS = r"(?:START|END|REPORT) RequestId: |INIT_START |(?:INIT|RESTORE)_REPORT |RESTORE_START "
SURE_HEADS = r"(?:START|END|REPORT) RequestId: \S|INIT_START |(?:INIT|RESTORE)_REPORT |RESTORE_START "
