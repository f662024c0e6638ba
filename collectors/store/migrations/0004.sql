ALTER TABLE billed_days RENAME TO billed_days_before;
CREATE TABLE billed_days (
    account TEXT NOT NULL, day_ms INTEGER NOT NULL, service TEXT NOT NULL, usage_type TEXT NOT NULL,
    amount TEXT NOT NULL, currency TEXT NOT NULL, quantity TEXT, unit TEXT NOT NULL, estimated INTEGER NOT NULL,
    record_type TEXT NOT NULL, net_amount TEXT, amortized_amount TEXT, asked_ms INTEGER,
    PRIMARY KEY (account, day_ms, service, usage_type, record_type)
) WITHOUT ROWID;
INSERT INTO billed_days SELECT account, day_ms, service, usage_type, amount, currency, quantity, unit, estimated,
    '', NULL, NULL, NULL FROM billed_days_before;
DROP TABLE billed_days_before;
