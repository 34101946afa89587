import { defineEntry, type HealthContext, type HealthReading } from '../../entry.ts';
import { secondsText } from '../../quantity.ts';
import { readReadOnlySource, readRecovery } from './connectivity-queries.ts';

/** 2: whether this is a primary that takes writes. */
export const recoveryState = defineEntry({
  number: 2,
  id: 'recovery-state',
  area: 'connectivity',
  title: 'Recovery state: whether the server takes writes',
  meaning:
    'A standby, or a default of read-only transactions, refuses every write with SQLSTATE 25006. An API that is pointed at one can read and do nothing else.',
  quick: true,
  thresholds: { standbyAllowed: 0 },
  check: async (context, { standbyAllowed }) =>
    context.server.inRecovery ? readStandby(context, standbyAllowed > 0) : readPrimary(context),
});

async function readPrimary({ db }: HealthContext): Promise<HealthReading> {
  const metrics = { in_recovery: 0 };
  const source = await readReadOnlySource(db);
  if (source === null) return { level: 'ok', summary: 'a primary that takes writes', metrics };
  return {
    level: 'critical',
    summary: `new transactions are read-only: default_transaction_read_only is on by ${source}`,
    evidence: [{ setting: 'default_transaction_read_only', value: 'on', source }],
    remedy: source.startsWith('alter ')
      ? `${source.replace(/ set$/, '')} reset default_transaction_read_only; -- then connect again`
      : '-- some providers switch it on when the disk is full: look at disk space first\nalter system set default_transaction_read_only = off; select pg_reload_conf();',
    metrics,
  };
}

async function readStandby({ db }: HealthContext, allowed: boolean): Promise<HealthReading> {
  const { replayPaused, replayedSecondsAgo, receiving } = await readRecovery(db);
  const metrics = {
    in_recovery: 1,
    ...(replayedSecondsAgo === null ? {} : { replayed_seconds_ago: replayedSecondsAgo }),
  };
  const ago =
    replayedSecondsAgo === null
      ? 'nothing replayed yet'
      : `last replayed ${secondsText(replayedSecondsAgo)} ago`;
  const evidence = [{ replayPaused, replayedSecondsAgo, receiving }];
  if (replayPaused === true) {
    const remedy = 'select pg_wal_replay_resume();';
    return {
      level: 'critical',
      summary: `a standby whose replay is paused, ${ago}`,
      evidence,
      remedy,
      metrics,
    };
  }
  if (allowed) return { level: 'ok', summary: `a standby, ${ago}`, metrics };
  return {
    level: 'warn',
    summary: `a standby: it takes no writes, ${ago}`,
    evidence,
    remedy: [
      '-- point the URL at the primary, or put target_session_attrs=read-write into a URL with several hosts; if this standby is the one to serve now',
      'select pg_promote();',
      '-- if it is meant to be a standby: --threshold recovery-state.standbyAllowed=1',
    ].join('\n'),
    metrics,
  };
}
