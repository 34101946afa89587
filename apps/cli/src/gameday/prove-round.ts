import type { Remedy } from './damage/damage.ts';
import type { DiagnosisResult } from './diagnose.ts';
import { type ProofItem, proven } from './proof/proof.ts';
import { exactTables, proveContent, UNTOUCHED } from './proof/prove-content.ts';
import { proveHealth } from './proof/prove-health.ts';
import { proveRevoked, proveSessions } from './proof/prove-sessions.ts';
import { proveWrites } from './proof/prove-writes.ts';
import { type LostWork, type RestorePoint, readSums, type Stage } from './stage.ts';
import type { TrafficSummary } from './users/traffic.ts';
import { countWrites, expectedState, type LoggedWrite } from './users/write-log.ts';

/** How a round went until service was back. */
export interface Ending {
  /** How long the log was when the round began. */
  readonly begun: number;
  readonly point: RestorePoint;
  readonly remedy: Remedy;
  readonly diagnosis: DiagnosisResult;
  readonly damagedAt: number;
  readonly typedAt: number;
  readonly servedAt: number;
}

export interface ProvenRound {
  readonly proof: readonly ProofItem[];
  readonly lost: LostWork;
  readonly traffic: TrafficSummary;
  readonly troubleMs: number;
}

/** Proves a round, while users are still, and leaves the stage ready for the next one. */
export async function proveRound(stage: Stage, ending: Ending): Promise<ProvenRound> {
  const { world, crowd, database, signal } = stage;
  const { point, begun, remedy, damagedAt } = ending;
  const goesBack = remedy.kind === 'point-in-time' || remedy.kind === 'backup';
  const until = goesBack ? point.mark : world.log.length;
  const window = world.log.slice(until);
  const lost = lostAccounts(window);
  const sums = await readSums(database, signal);
  const exact = goesBack ? exactTables(point.sums) : UNTOUCHED;
  const writes = [...stage.kept, ...world.log.slice(begun, until)];
  const endedLater = new Set(
    window.flatMap(({ write }) => (write.kind === 'sign-out' ? [write.sessionId] : [])),
  );
  const proof = [
    rightDiagnosis(ending.diagnosis),
    await database.run(db => proveWrites(db, { writes, uncertain: uncertainSessions(stage), endedLater })),
    proveContent(point.sums, sums, exact),
    await proveSessions(crowd.users(), lost.ids),
    await proveRevoked(world.url(), world.revoked),
    ...(await proveHealth(stage.run, signal)),
    noLogouts(stage, damagedAt, lost.emails),
  ];
  crowd.takeLeave(lost.emails);
  stage.kept = [...writes, ...survivors(stage, window)];
  const traffic = world.traffic.summary(damagedAt, ending.servedAt);
  return {
    proof,
    lost: lostWork(goesBack, window, ending),
    traffic,
    troubleMs: traffic.lastTroubleAt === null ? 0 : traffic.lastTroubleAt - damagedAt,
  };
}

function rightDiagnosis({ right, named, headline, command }: DiagnosisResult): ProofItem {
  const said = named.length === 0 ? headline : named.join(', ');
  return proven('the cause was named', said, right ? [] : [`${command} did not name what was done`]);
}

/** Nobody who did not sign out was told to sign in again, at any moment since the damage. */
function noLogouts({ world, now }: Stage, since: number, lost: ReadonlySet<string>): ProofItem {
  const found = world.traffic.logouts.filter(
    ({ at, who, what }) =>
      at >= since && !(lost.has(who) && what.includes('account_not_in_restored_database')),
  );
  const { answers } = world.traffic.summary(since, now());
  const refused = Object.entries(answers).filter(([label]) => /^40[13]/.test(label));
  const listed = refused.map(([label, count]) => `${count} × ${label}`).join(', ');
  const newer = lost.size === 0 ? '' : `; ${lost.size} accounts are newer than the restored point`;
  return proven(
    'nobody was told to sign in again',
    `${refused.length === 0 ? 'no 401 or 403 at all' : `none of these ended a live session: ${listed}`}${newer}`,
    found.map(({ who, what }) => `${who}: ${what}`),
  );
}

function lostAccounts(window: readonly LoggedWrite[]) {
  const accounts = [...expectedState(window).accounts];
  return {
    ids: new Set(accounts.map(([id]) => id)),
    emails: new Set(accounts.map(([, { email }]) => email)),
  };
}

function lostWork(goesBack: boolean, window: readonly LoggedWrite[], ending: Ending): LostWork {
  if (!goesBack) return { seconds: 0, accounts: 0, profiles: 0 };
  const { account, profile } = countWrites(window);
  const ms = ending.servedAt - ending.point.moment.getTime();
  return { seconds: Math.round(ms / 100) / 10, accounts: account, profiles: profile };
}

/** Whose end was asked for and not acknowledged. */
function uncertainSessions({ crowd }: Stage): ReadonlySet<string> {
  const sessions = crowd.users().map(({ session }) => session);
  return new Set(sessions.flatMap(session => (session?.ending === true ? [session.id] : [])));
}

/** What of the lost time is there again: sessions that their own tokens have brought back, and those that were ended. */
function survivors({ crowd }: Stage, window: readonly LoggedWrite[]): readonly LoggedWrite[] {
  const alive = new Set(crowd.users().flatMap(({ session }) => (session === undefined ? [] : [session.id])));
  return window.filter(({ write }) => {
    if (write.kind === 'account' || write.kind === 'profile') return false;
    return write.kind !== 'sign-in' || alive.has(write.sessionId);
  });
}
