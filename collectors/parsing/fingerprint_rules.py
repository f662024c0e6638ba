"""The version of the rules of ``fingerprint``, which is read without them: a raise regroups every store."""

RULES = 4
