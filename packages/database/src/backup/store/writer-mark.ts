import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { isInteger, isText, isTime, withMembers } from './shape.ts';

/** Who writes a backup, in `writing.json` beside its files until it is committed. Renewed while it is written. */
export interface WriterMark {
  /** Machine and process namespace: only there the process id means anything. */
  readonly host: string;
  readonly pid: number;
  /** When the process began, as the system tells it; empty where it does not. */
  readonly begun: string;
  /** ISO 8601, of the last renewal. */
  readonly at: string;
}

/** A writer on another machine that was not heard of for this long is gone. */
export const SILENCE_MS = 3_600_000;

const isMark = withMembers({ host: isText, pid: isInteger, begun: isText, at: isTime });

export function ownMark(now: Date): WriterMark {
  return { host: place(), pid: process.pid, begun: begunOf(process.pid) ?? '', at: now.toISOString() };
}

/** Whether somebody may still be writing. A mark is put in place whole, so one that cannot be read is nobody's. */
export function isWriterAlive(text: string, now: Date): boolean {
  const mark = parseMark(text);
  if (mark === undefined) return false;
  if (mark.host !== place()) return now.getTime() - Date.parse(mark.at) < SILENCE_MS;
  return runs(mark);
}

/** Whether it is certain that the writer is gone: of one on another machine it is not. */
export function isWriterGone(text: string): boolean {
  const mark = parseMark(text);
  return mark !== undefined && mark.host === place() && !runs(mark);
}

function runs({ pid, begun }: WriterMark): boolean {
  const now = begunOf(pid);
  return now !== undefined && now === begun;
}

function parseMark(text: string): WriterMark | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isMark(value, '') === undefined ? (value as WriterMark) : undefined;
  } catch {
    return undefined;
  }
}

function place(): string {
  try {
    return `${hostname()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

/** Undefined when there is no such process. A process id is used again, its time of beginning is not. */
function begunOf(pid: number): string | undefined {
  try {
    // proc(5): the 22nd field, counted behind the name, which may hold spaces.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : (fields[19] ?? '');
  } catch {
    return isRunning(pid) ? '' : undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
