"""Where logs, metrics and configuration come from. A source gives items (``base``) and is a line of ``registry``."""
