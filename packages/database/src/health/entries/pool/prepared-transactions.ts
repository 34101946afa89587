import { defineEntry } from '../../entry.ts';
import { levelAbove, shownEvidence } from '../../judge.ts';
import { countText, round, secondsText } from '../../quantity.ts';
import { readPrepared } from './counter-queries.ts';

/** 14: prepared transactions that nobody has ended. */
export const preparedTransactions = defineEntry({
  number: 14,
  id: 'prepared-transactions',
  area: 'pool',
  title: 'Prepared transactions left behind',
  meaning:
    'A two-phase commit was begun and not ended. It keeps its locks and holds back vacuum for ever, over restarts, and no session shows it.',
  quick: true,
  thresholds: { warnSeconds: 300, criticalSeconds: 3_600 },
  check: async ({ db }, { warnSeconds, criticalSeconds }) => {
    const prepared = await readPrepared(db);
    const oldest = prepared[0]?.seconds ?? 0;
    const level = levelAbove(oldest, warnSeconds, criticalSeconds);
    const count = countText(prepared.length, 'prepared transaction');
    return {
      level,
      summary: prepared.length === 0 ? 'none' : `${count}, the oldest for ${secondsText(oldest)}`,
      ...(level === 'ok'
        ? {}
        : {
            ...shownEvidence(prepared.map(row => ({ ...row, seconds: round(row.seconds, 1) }))),
            remedy: `-- ask the transaction manager first; then, in the database ${prepared[0]?.database} (or commit prepared)\nrollback prepared '${prepared[0]?.gid.replaceAll("'", "''")}';`,
          }),
      metrics: {
        prepared_transactions: prepared.length,
        oldest_prepared_transaction_seconds: round(oldest, 1),
      },
    };
  },
});
