# SPDX-License-Identifier: GPL-2.0-only
"""The index's tables.  All of it can be made again from the campaigns."""
from __future__ import annotations

import dataclasses

from runner.nightly.facts import SeriesKey

#: Raise it when tables change: an index of another format is made again.
FORMAT = 1

KEYS = tuple(field.name for field in dataclasses.fields(SeriesKey))

TABLES = f"""
CREATE TABLE IF NOT EXISTS campaign (
  id INTEGER PRIMARY KEY,
  folder TEXT NOT NULL UNIQUE,
  seal TEXT NOT NULL,
  experiment TEXT NOT NULL,
  thresholds TEXT NOT NULL,
  started TEXT NOT NULL,
  night TEXT NOT NULL,
  problem TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS series (
  id INTEGER PRIMARY KEY,
  {", ".join(f"{name} {'INTEGER' if name == 'threads' else 'TEXT'} NOT NULL" for name in KEYS)},
  UNIQUE ({", ".join(KEYS)})
);
CREATE TABLE IF NOT EXISTS sample (
  campaign INTEGER NOT NULL REFERENCES campaign(id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  repeat INTEGER NOT NULL,
  role TEXT NOT NULL,
  kernel TEXT NOT NULL,
  release TEXT NOT NULL,
  kernel_key TEXT NOT NULL,
  started TEXT NOT NULL,
  outcome TEXT NOT NULL,
  valid INTEGER NOT NULL,
  evidence TEXT NOT NULL,
  PRIMARY KEY (campaign, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS value (
  series INTEGER NOT NULL REFERENCES series(id),
  campaign INTEGER NOT NULL,
  number INTEGER NOT NULL,
  value REAL NOT NULL,
  PRIMARY KEY (series, campaign, number),
  FOREIGN KEY (campaign, number) REFERENCES sample(campaign, number) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS value_by_sample ON value (campaign, number);
"""
