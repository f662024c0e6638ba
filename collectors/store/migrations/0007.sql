CREATE TABLE chunk_filters (chunk_id INTEGER PRIMARY KEY, bits BLOB NOT NULL);
CREATE TRIGGER chunk_filters_rewritten AFTER UPDATE OF content ON chunks BEGIN DELETE FROM chunk_filters WHERE chunk_id = old.id; END;
CREATE TRIGGER chunk_filters_deleted AFTER DELETE ON chunks BEGIN DELETE FROM chunk_filters WHERE chunk_id = old.id; END;
