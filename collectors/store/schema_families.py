"""Migration: the family of each error, which rolls up groups that differ in one value. Empty until it is known."""

SCRIPT = "ALTER TABLE errors ADD COLUMN family TEXT NOT NULL DEFAULT ''"
