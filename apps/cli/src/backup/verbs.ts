import { HoldfastError, suggest } from '@holdfast/core';
import { type BackupVerb, PLACE_OPTIONS } from './backup-options.ts';
import { runCopy } from './copy.ts';
import { runDiff } from './diff.ts';
import { runDrillVerb } from './drill.ts';
import { runExtract } from './extract.ts';
import { runList } from './list.ts';
import { runPrune } from './prune.ts';
import { runShow } from './show.ts';
import { runVerify } from './verify.ts';

const KEEP = ['keep-last', 'keep-within', 'keep-daily', 'keep-weekly', 'keep-monthly', 'keep-yearly'];

/** The verbs of `holdfast backup`, in the order of its help. */
export const BACKUP_VERBS: Readonly<Record<string, BackupVerb>> = {
  list: { run: runList, takes: [0, 0], options: [] },
  show: { run: runShow, takes: [0, 1], options: [] },
  diff: { run: runDiff, takes: [0, 2], options: [] },
  verify: { run: runVerify, takes: [0, 1], options: ['all', 'level'] },
  drill: { run: runDrillVerb, takes: [0, 1], options: ['jobs'] },
  prune: { run: runPrune, takes: [0, 0], options: [...KEEP, 'recovery-window', 'broken', 'dry-run'] },
  extract: { run: runExtract, takes: [2, 2], options: ['jobs'] },
  copy: { run: runCopy, takes: [0, 1], options: ['all'] },
};

/** The verb of this name, when the arguments and options fit it. @throws HoldfastError `usage`. */
export function chooseVerb(name: string, args: readonly string[], options: object): BackupVerb {
  const verb = Object.hasOwn(BACKUP_VERBS, name) ? BACKUP_VERBS[name] : undefined;
  if (verb === undefined) throw unknownVerb(name);
  const [least, most] = verb.takes;
  const problems = [
    ...misplacedOptions(`backup ${name}`, options, verb.options),
    ...args.slice(most).map(argument => `unexpected argument "${argument}"`),
    ...(args.length < least ? [`backup ${name} takes ${least} arguments`] : []),
  ];
  refuse(problems);
  return verb;
}

/** Refuses options that are none of places and none of these. @throws HoldfastError `usage`. */
export function assertOptions(name: string, options: object, own: object): void {
  refuse(misplacedOptions(name, options, Object.keys(own)));
}

function misplacedOptions(name: string, options: object, own: readonly string[]): string[] {
  const allowed = [...Object.keys(PLACE_OPTIONS), ...own];
  return Object.keys(options)
    .filter(option => !allowed.includes(option))
    .map(option => `--${option} does not go with ${name}`);
}

function refuse(problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw new HoldfastError('usage', `${problems.join('\n')}\nSee holdfast backup --help.`, {
    details: { problems },
  });
}

function unknownVerb(name: string): HoldfastError {
  const names = Object.keys(BACKUP_VERBS);
  const meant = suggest(name, names);
  const hint = meant === undefined ? '' : ` Did you mean ${meant}?`;
  return new HoldfastError('usage', `holdfast backup takes ${names.join(', ')}; not "${name}".${hint}`);
}
