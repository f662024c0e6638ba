-- ``pattern_hours`` by the day, of which a month of many functions has far fewer rows.
CREATE TABLE pattern_days (
    function_id INTEGER NOT NULL, start_ms INTEGER NOT NULL, pattern_id INTEGER NOT NULL, lines INTEGER NOT NULL,
    bytes INTEGER NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,
    PRIMARY KEY (function_id, start_ms, pattern_id)
) WITHOUT ROWID;
INSERT INTO pattern_days
    SELECT function_id, start_ms / 86400000 * 86400000, pattern_id, sum(lines), sum(bytes), min(first_ms), max(last_ms)
    FROM pattern_hours GROUP BY 1, 2, 3;
