"""The page for a browser, and what guards it: ``lambdatui serve``."""
