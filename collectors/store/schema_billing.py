"""Migration 4: AWS's bill by kind of line (Cost Explorer's RECORD_TYPE), with its net and amortized amounts.

An older store's rows stay: what was asked without RECORD_TYPE has an empty one, and what was not asked is null.
``asked_ms`` is when Cost Explorer said it: a later answer about a day replaces all that was said of it before.
"""

SCRIPT = """
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
"""
