import { type Clock, newId } from '@holdfast/core';
import { createLineFile, parseLines } from './line-file.ts';

export type IncidentKind =
  | 'exit'
  | 'hang'
  | 'start-failed'
  | 'crash-loop'
  | 'unreachable'
  // of a backup or a drill
  | 'overdue'
  // of the WAL archive
  | 'stalled'
  | 'behind'
  | 'gap';

/** Something that went wrong with one part, from its onset to its recovery. */
export interface Incident {
  readonly id: string;
  readonly part: string;
  readonly kind: IncidentKind;
  /** One line, redacted. */
  readonly reason: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** When the part worked again; null while the incident is open. */
  readonly recoveredAt: string | null;
  /** What the keeper did about it, in order. */
  readonly actions: readonly string[];
}

/**
 * The journal of incidents: an append-only file of JSON lines. Each change of an incident appends its whole record again;
 * the last line with an id is what holds. Works from memory when the disk does not.
 */
export interface Incidents {
  /** Opens an incident; when the part has an open one, that one gets the new kind and reason. */
  open(part: string, kind: IncidentKind, reason: string): Incident;
  /** Notes an action on the open incident of a part; does nothing without one. */
  act(part: string, action: string): void;
  /** Closes the open incident of a part; does nothing without one. */
  recover(part: string): void;
  /** Newest first. */
  list(limit: number): readonly Incident[];
  openIncident(part: string): Incident | undefined;
  /** How many were opened since the keeper started. */
  readonly openedCount: number;
  flush(): Promise<void>;
}

const MAX_BYTES = 2_000_000;
const KEPT_IN_MEMORY = 500;

export interface IncidentsOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly onTrouble?: (error: unknown) => void;
  readonly onChange?: (incident: Incident) => void;
}

/** Opens the journal at `path` with what it holds. Incidents left open by a keeper that died stay open. */
export async function openIncidents({
  path,
  clock,
  onTrouble,
  onChange,
}: IncidentsOptions): Promise<Incidents> {
  const file = createLineFile({
    path,
    maxBytes: MAX_BYTES,
    ...(onTrouble === undefined ? {} : { onTrouble }),
  });
  const byId = foldIncidents(await file.read());
  let openedCount = 0;
  const now = (): string => new Date(clock.now()).toISOString();
  const find = (part: string): Incident | undefined =>
    [...byId.values()].findLast(incident => incident.part === part && incident.recoveredAt === null);
  const store = (incident: Incident): Incident => {
    byId.set(incident.id, incident);
    for (const id of byId.keys()) if (byId.size > KEPT_IN_MEMORY) byId.delete(id);
    file.append(JSON.stringify(incident));
    onChange?.(incident);
    return incident;
  };
  return {
    open: (part, kind, reason) => {
      const current = find(part);
      if (current !== undefined) return store({ ...current, kind, reason });
      openedCount += 1;
      return store({ id: newId(), part, kind, reason, startedAt: now(), recoveredAt: null, actions: [] });
    },
    act: (part, action) => {
      const current = find(part);
      if (current !== undefined) store({ ...current, actions: [...current.actions, action].slice(-20) });
    },
    recover: part => {
      const current = find(part);
      if (current !== undefined) store({ ...current, recoveredAt: now() });
    },
    list: limit => [...byId.values()].slice(-limit).reverse(),
    openIncident: find,
    get openedCount() {
      return openedCount;
    },
    flush: () => file.flush(),
  };
}

/** The incidents in the journal at `path`, newest first, without opening it for writing. */
export async function readIncidents(path: string, limit: number): Promise<readonly Incident[]> {
  const file = createLineFile({ path, maxBytes: MAX_BYTES });
  return [...foldIncidents(await file.read()).values()].slice(-limit).reverse();
}

function foldIncidents(lines: readonly string[]): Map<string, Incident> {
  const byId = new Map<string, Incident>();
  for (const incident of parseLines<Incident>(lines)) {
    if (typeof incident.id === 'string') byId.set(incident.id, incident);
  }
  return byId;
}
