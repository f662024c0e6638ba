-- what was deleted for its age, by function (``collectors.store.pruned``).
--
-- Of ``rows_ms`` and ``lines_ms`` full minutes, of ``minutes_ms`` and ``points_ms`` full hours: what is older is gone, and
-- is not taken in again. A function without a row has lost nothing. An older store's one time for all functions becomes
-- that of those that had anything before it, the next full minute where it was none. ``store_id`` tells one store from
-- another that was put in its place.
CREATE TABLE pruned (
    function_id INTEGER PRIMARY KEY, rows_ms INTEGER NOT NULL DEFAULT 0, lines_ms INTEGER NOT NULL DEFAULT 0,
    minutes_ms INTEGER NOT NULL DEFAULT 0, points_ms INTEGER NOT NULL DEFAULT 0
);
ALTER TABLE collections ADD COLUMN pruned INTEGER NOT NULL DEFAULT 0;
INSERT INTO pruned (function_id, rows_ms, lines_ms)
    SELECT f.id, (s.value + 59999) / 60000 * 60000, (s.value + 59999) / 60000 * 60000
    FROM functions f JOIN settings s ON s.name = 'pruned_before_ms'
    WHERE EXISTS (SELECT 1 FROM minute_cells c WHERE c.function_id = f.id AND c.start_ms < s.value);
DELETE FROM settings WHERE name = 'pruned_before_ms';
INSERT OR IGNORE INTO settings VALUES ('store_id', abs(random()));
