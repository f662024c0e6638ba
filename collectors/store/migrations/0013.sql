-- How long extensions went on after an invocation's function had answered.
ALTER TABLE minute_cells ADD COLUMN extension_us INTEGER;
ALTER TABLE hour_cells ADD COLUMN extension_us INTEGER;
ALTER TABLE day_cells ADD COLUMN extension_us INTEGER;
DELETE FROM minute_packs;
UPDATE hour_packs SET invocations = NULL, failures = NULL, last_ms = NULL, cells = NULL, errors = NULL, latency = NULL;
UPDATE day_packs SET invocations = NULL, failures = NULL, last_ms = NULL, cells = NULL, errors = NULL, latency = NULL;
UPDATE week_packs SET invocations = NULL, failures = NULL, last_ms = NULL, cells = NULL, errors = NULL, latency = NULL;
ALTER TABLE invocations ADD COLUMN extension_us INTEGER;
UPDATE table_sums SET rows = -1 WHERE name IN ('minute_packs', 'hour_packs', 'day_packs', 'week_packs');
