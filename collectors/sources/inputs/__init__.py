"""What the sources of files share: opening and decompressing, lines, times, names, OTLP's records."""
