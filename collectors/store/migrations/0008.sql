-- Metrics that log lines carry in the Embedded Metric Format (``collectors.store.emf_counts``).
--
-- ``emf_series`` names each series: ``dimensions`` is JSON's [[name, value], ...] by name, ``folded`` JSON's list of the
-- names that are left out because they had too many values. Its values are kept by minute, hour and day: ``minutes``
-- counts minutes that had any, ``peak_*`` are of the minute that had most, ``buckets`` are ``emf_cells``' histogram.
-- ``emf_invalid`` counts by minute what was no metric though it was meant for one.
-- Lines of chunks up to the setting ``emf_uncounted_until`` are in older stores, and not read yet.
CREATE TABLE emf_series (
    id INTEGER PRIMARY KEY, function_id INTEGER NOT NULL, namespace TEXT NOT NULL, metric TEXT NOT NULL,
    unit TEXT NOT NULL, dimensions TEXT NOT NULL, folded TEXT NOT NULL,
    UNIQUE (function_id, namespace, metric, unit, dimensions, folded)
);
CREATE TABLE emf_invalid (
    function_id INTEGER NOT NULL, start_ms INTEGER NOT NULL, reason TEXT NOT NULL, number INTEGER NOT NULL,
    PRIMARY KEY (function_id, start_ms, reason)
) WITHOUT ROWID;
INSERT INTO settings SELECT 'emf_uncounted_until', max(id) FROM chunks HAVING max(id) IS NOT NULL;

CREATE TABLE emf_minutes (
    series_id INTEGER NOT NULL, start_ms INTEGER NOT NULL, samples INTEGER NOT NULL, total REAL NOT NULL,
    lowest REAL NOT NULL, highest REAL NOT NULL, minutes INTEGER NOT NULL, peak_total REAL NOT NULL,
    peak_samples INTEGER NOT NULL, buckets BLOB NOT NULL,
    PRIMARY KEY (series_id, start_ms)
) WITHOUT ROWID;

CREATE TABLE emf_hours (
    series_id INTEGER NOT NULL, start_ms INTEGER NOT NULL, samples INTEGER NOT NULL, total REAL NOT NULL,
    lowest REAL NOT NULL, highest REAL NOT NULL, minutes INTEGER NOT NULL, peak_total REAL NOT NULL,
    peak_samples INTEGER NOT NULL, buckets BLOB NOT NULL,
    PRIMARY KEY (series_id, start_ms)
) WITHOUT ROWID;

CREATE TABLE emf_days (
    series_id INTEGER NOT NULL, start_ms INTEGER NOT NULL, samples INTEGER NOT NULL, total REAL NOT NULL,
    lowest REAL NOT NULL, highest REAL NOT NULL, minutes INTEGER NOT NULL, peak_total REAL NOT NULL,
    peak_samples INTEGER NOT NULL, buckets BLOB NOT NULL,
    PRIMARY KEY (series_id, start_ms)
) WITHOUT ROWID;
