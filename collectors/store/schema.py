"""What identifies a store's file, its version, and names of its settings. The tables are in ``migrations/``.

Large tables are clustered on (function, time): a page of a function's invocations is one read of neighbouring rows and
needs no second index. They hold integers and blobs only, and no amounts of money.
"""

from collectors.model.units import DAY_MS, HOUR_MS, MINUTE_MS

APPLICATION_ID = 0x4C414D42  # "LAMB": tells a store from any other SQLite database
VERSION = 13  # of the last migration; opening a file of a newer version is an error, never a guess

UNCOUNTED = "patterns_uncounted_until"  # settings of ``collectors.store.write.pattern_counts``
WITHOUT_LINES = "patterns_events_without_lines"
EMF_UNCOUNTED = "emf_uncounted_until"  # of ``collectors.store.write.emf_counts``
UNSUMMED = "rows_without_sums"  # of the settings: an older store's rows have no checksums yet
SALVAGED = "salvaged"  # of the settings: rows were lost, so cells count more rows than there are
OLDEST = "oldest_ms"  # of the settings: when the oldest invocation began; absent where an older one may have come
SIMULATED = "simulated"  # of the covered items: the first word of those whose data are simulated
IS_SIMULATED = f"item >= '{SIMULATED} ' AND item < '{SIMULATED}!'"
GRAINS = {"minute_cells": MINUTE_MS, "hour_cells": HOUR_MS, "day_cells": DAY_MS}
