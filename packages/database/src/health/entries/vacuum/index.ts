import type { HealthEntry } from '../../entry.ts';
import { autovacuum } from './autovacuum.ts';
import { autovacuumDisabled } from './autovacuum-disabled.ts';
import { deadTuples } from './dead-tuples.ts';
import { freezeAge } from './freeze-age.ts';
import { indexBloat } from './index-bloat.ts';
import { mxidAge } from './mxid-age.ts';
import { neverAnalyzed } from './never-analyzed.ts';
import { tableBloat } from './table-bloat.ts';
import { xidAge } from './xid-age.ts';
import { xminHorizon } from './xmin-horizon.ts';

/** Entries 17 to 26: whether old rows are cleared away, and transaction ids do not run out. */
export const VACUUM: readonly HealthEntry[] = [
  xidAge,
  mxidAge,
  freezeAge,
  xminHorizon,
  deadTuples,
  autovacuum,
  neverAnalyzed,
  autovacuumDisabled,
  tableBloat,
  indexBloat,
];
