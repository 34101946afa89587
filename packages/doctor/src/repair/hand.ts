import type { StoredCatalog } from '@holdfast/database/drift';
import type { BackupFacts } from '@holdfast/database/health';
import type { Catalog, Connection } from '@holdfast/postgres';
import type { OtherTarget } from '../config/other-target.ts';
import type { Diagnosis, RootCause } from '../diagnosis.ts';
import type { Target } from '../target.ts';
import type { NoPlan, RepairPlan } from './repair-plan.ts';

/** What a hand may look at to make its plan. Nothing is changed while plans are made. */
export interface HandContext {
  readonly target: Target | OtherTarget;
  readonly diagnosis: Diagnosis;
  /** Of this run, for names that must not be taken. */
  readonly runId: string;
  /** As a superuser where one is known, else as the owner of the tables. @throws when the database cannot be reached */
  db(): Promise<Connection>;
  /** What the schema should be. @throws HoldfastError `drift_unknown` when nobody knows */
  expected(): Promise<StoredCatalog>;
  /** What it is now, of the same schemas. */
  live(): Promise<Catalog>;
  /** The backups that rows can be brought back from, newest first. */
  backups(): Promise<readonly BackupFacts[]>;
  /** Those from before a repair, newest first: they may hold the damage, and nothing is brought back from them by itself. */
  passedOver(): Promise<readonly BackupFacts[]>;
  /** The latest moment (ISO 8601) that WAL leads to from a backup; undefined when none continues it, or nobody knows. */
  reachOf(backup: string): Promise<string | undefined>;
}

/** Plans the repair of one root cause, or says why it cannot. May reject: that is a reason as well. */
export type Hand = (context: HandContext, cause: RootCause) => Promise<RepairPlan | NoPlan>;

/** The part of a subject after its kind: `sessions` for `table:sessions`. */
export function nameIn(subject: string): string {
  return subject.slice(subject.indexOf(':') + 1);
}

/** `public.sessions` for what is shown without the schema that everybody uses. */
export function qualified(name: string, parts: number): string {
  return splitName(name).length < parts ? `public.${name}` : name;
}

/** The names in a name as SQL writes it, without their quotes. */
export function splitName(name: string): string[] {
  return [...name.matchAll(/"((?:[^"]|"")+)"|([^.]+)/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  );
}
