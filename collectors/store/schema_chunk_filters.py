"""A migration: which runs of three characters a chunk of lines holds, so that a search opens few chunks.

Chunks of before have none and are opened; so are those that are written anew, whose filter goes with their content.
"""

SCRIPT = """
CREATE TABLE chunk_filters (chunk_id INTEGER PRIMARY KEY, bits BLOB NOT NULL);
CREATE TRIGGER chunk_filters_rewritten AFTER UPDATE OF content ON chunks BEGIN DELETE FROM chunk_filters WHERE chunk_id = old.id; END;
CREATE TRIGGER chunk_filters_deleted AFTER DELETE ON chunks BEGIN DELETE FROM chunk_filters WHERE chunk_id = old.id; END;
"""  # noqa: E501
