-- Checksums. Rows of invocations and of cells end in the sum of their columns; table_sums has one of each other table.
-- They are reckoned when this is done, some at a time, until the setting rows_without_sums is gone.
CREATE TABLE table_sums (name TEXT PRIMARY KEY, rows INTEGER NOT NULL, sum INTEGER NOT NULL) WITHOUT ROWID;
ALTER TABLE invocations ADD COLUMN sum INTEGER;
ALTER TABLE minute_cells ADD COLUMN latency_sum INTEGER;
ALTER TABLE minute_cells ADD COLUMN sum INTEGER;
ALTER TABLE hour_cells ADD COLUMN latency_sum INTEGER;
ALTER TABLE hour_cells ADD COLUMN sum INTEGER;
ALTER TABLE day_cells ADD COLUMN latency_sum INTEGER;
ALTER TABLE day_cells ADD COLUMN sum INTEGER;
-- Packs repeat other tables, and are made anew with their checksums.
DELETE FROM minute_packs;
UPDATE hour_packs SET invocations = NULL, failures = NULL, last_ms = NULL, cells = NULL, errors = NULL, latency = NULL;
UPDATE day_packs SET invocations = NULL, failures = NULL, last_ms = NULL, cells = NULL, errors = NULL, latency = NULL;
UPDATE week_packs SET invocations = NULL, failures = NULL, last_ms = NULL, cells = NULL, errors = NULL, latency = NULL;
DELETE FROM metric_packs WHERE grain_ms = 60000;
UPDATE metric_packs SET figures = NULL;
INSERT INTO settings VALUES ('rows_without_sums', 1);
