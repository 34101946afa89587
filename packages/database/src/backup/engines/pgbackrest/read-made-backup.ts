import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import { backupPath, STANZA } from './pgbackrest-command.ts';

/** What pgBackRest noted of a backup in its `backup.manifest`. */
export interface MadeBackup {
  readonly label: string;
  readonly timeline: number;
  readonly startLsn: string;
  readonly stopLsn: string;
  /** Files with pages whose checksum is wrong: it copies them all the same, and ends with status 0. */
  readonly badPages: readonly string[];
}

/** Of full backups, the only ones that stand alone. */
const LABEL = /^\d{8}-\d{6}F$/;

/** Reads what was made in a repository that holds one backup. */
export async function readMadeBackup(repository: string): Promise<MadeBackup> {
  const [label, ...others] = (await readdir(join(repository, 'backup', STANZA))).filter(name =>
    LABEL.test(name),
  );
  if (label === undefined || others.length > 0) throw unreadable(`it has ${others.length} more backups`);
  const facts = new Map<string, string>();
  const badPages: string[] = [];
  const manifest = await open(join(repository, backupPath(label), 'backup.manifest'));
  for await (const line of manifest.readLines()) {
    const [, name, value] = /^(backup-[a-z-]+)="(.*)"$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) facts.set(name, value);
    const [, path] = /^(pg_(?:data|tblspc)\/.+?)=\{.*"checksum-page":false/.exec(line) ?? [];
    if (path !== undefined) badPages.push(path);
  }
  const fact = (name: string): string => {
    const value = facts.get(name);
    if (value === undefined) throw unreadable(`it does not tell ${name}`);
    return value;
  };
  return {
    label,
    timeline: Number.parseInt(fact('backup-archive-start').slice(0, 8), 16),
    startLsn: fact('backup-lsn-start'),
    stopLsn: fact('backup-lsn-stop'),
    badPages,
  };
}

function unreadable(why: string): HoldfastError {
  return new HoldfastError('backup_failed', `What pgBackRest made cannot be read: ${why}.`);
}
