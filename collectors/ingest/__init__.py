"""Collections and imports: items of sources, through the assembler, into the store."""
