CREATE TABLE patterns (
    id INTEGER PRIMARY KEY, shape TEXT NOT NULL UNIQUE, template TEXT, example TEXT NOT NULL
);
CREATE TABLE pattern_hours (
    function_id INTEGER NOT NULL, start_ms INTEGER NOT NULL, pattern_id INTEGER NOT NULL, lines INTEGER NOT NULL,
    bytes INTEGER NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,
    PRIMARY KEY (function_id, start_ms, pattern_id)
) WITHOUT ROWID;
CREATE TABLE pattern_functions (
    function_id INTEGER NOT NULL, pattern_id INTEGER NOT NULL, first_ms INTEGER NOT NULL,
    PRIMARY KEY (function_id, pattern_id)
) WITHOUT ROWID;
INSERT INTO settings SELECT 'patterns_uncounted_until', max(id) FROM chunks HAVING max(id) IS NOT NULL;
