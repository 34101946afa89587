import type { BackupStatus } from './backups/schedule-backups.ts';
import type { CleanupStatus } from './cleanup/schedule-cleanup.ts';
import type { HealthSample } from './records/health-samples.ts';
import type { Incident, IncidentKind } from './records/incidents.ts';
import type { PartName, PartState } from './supervision/part-state.ts';
import type { WalStatus } from './wal/wal-status.ts';

/** What a part does, as shown: the states of supervision, and those of a part that somebody else runs. */
export type ShownState = PartState['kind'] | 'unreachable' | 'unknown';

/** Everything about one part, for operators. Times are ISO 8601. */
export interface PartStatus {
  readonly part: PartName | 'keeper';
  /** Whether the keeper starts and restarts it. */
  readonly managed: boolean;
  readonly state: ShownState;
  /** Whether it works: it runs and it answers. */
  readonly ok: boolean;
  /** Whether it wants requests; null where there is no such question, or no answer. */
  readonly ready: boolean | null;
  readonly since: string;
  readonly pid: number | null;
  /** How often it was started again since the keeper runs. */
  readonly restarts: number;
  /** When the next attempt to start it is made; null when none is pending. */
  readonly retryAt: string | null;
  /** The class of the trouble: the kind of its open incident. */
  readonly trouble: IncidentKind | null;
  readonly reason: string | null;
}

/** The state of everything the keeper looks after. */
export interface SystemStatus {
  readonly status: 'ok' | 'starting' | 'trouble' | 'stopping';
  readonly version: string;
  readonly at: string;
  readonly url: string;
  readonly apiUrl: string | null;
  /** Without its password. */
  readonly databaseUrl: string | null;
  readonly home: string;
  readonly parts: readonly PartStatus[];
  /** Newest first. */
  readonly incidents: readonly Incident[];
  readonly sample: HealthSample | null;
  readonly cleanup: CleanupStatus;
  /** One for each destination; empty when WAL is not archived. */
  readonly wal: readonly WalStatus[];
  readonly backups: BackupStatus;
}

type PublicPart = Pick<PartStatus, 'part' | 'state' | 'ok' | 'ready' | 'since' | 'trouble'>;
type PublicIncident = Pick<Incident, 'part' | 'kind' | 'startedAt' | 'recoveredAt'>;

/** What a stranger may see. */
export interface PublicStatus extends Pick<SystemStatus, 'status' | 'version' | 'at'> {
  readonly parts: readonly PublicPart[];
  readonly incidents: readonly PublicIncident[];
}

/** Leaves out everything that tells a stranger more than which part is in which state, since when, and the class of trouble. */
export function publicStatus({ status, version, at, parts, incidents }: SystemStatus): PublicStatus {
  return {
    status,
    version,
    at,
    parts: parts.map(({ part, state, ok, ready, since, trouble }) => ({
      part,
      state,
      ok,
      ready,
      since,
      trouble,
    })),
    incidents: incidents.map(({ part, kind, startedAt, recoveredAt }) => ({
      part,
      kind,
      startedAt,
      recoveredAt,
    })),
  };
}
