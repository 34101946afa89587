import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage, HoldfastError } from '@holdfast/core';
import { makeDirectory } from '@holdfast/postgres';
import type { Diagnosis } from '../../diagnosis.ts';
import { DELIVERABLE_IDS, type Report } from '../deliverables/document.ts';
import { redactReport } from '../deliverables/redact-report.ts';
import { renderHtml } from '../deliverables/render-html.ts';
import { renderMarkdown } from '../deliverables/render-markdown.ts';

/** What is known of a stored report without opening it. */
export interface StoredReport {
  readonly id: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly status: string;
  readonly headline: string;
  /** Codes of the root causes. */
  readonly causes: readonly string[];
  /** Absolute. */
  readonly directory: string;
  readonly html: string;
}

const FACTS = 'report.json';
const INDEX = 'index.json';
const HTML = 'report.html';
/** Of the names that `reportId` makes, and only of these, directories are ever removed. */
const ID = /^\d{8}T\d{6}Z-[a-z0-9]{4}$/;
const KEPT = 50;

/** `20261121T164940Z-k3f9`: by name is by time. */
export function reportId(at: Date, tail: string): string {
  return `${at.toISOString().replaceAll(/[-:]|\.\d+/g, '')}-${tail}`;
}

/**
 * Writes a report into a directory of its own below `directory`: the six deliverables as Markdown, all of them as `report.html`,
 * the diagnosis as JSON, and `report.json`, which comes last; then the index of all reports. A report that was not written
 * whole is never listed. Files belong to this user alone. The oldest beyond `keep` (default 50) are removed.
 * @throws HoldfastError `usage` when it cannot be written.
 */
export async function storeReport(
  directory: string,
  report: Report,
  diagnosis: Diagnosis,
  keep = KEPT,
): Promise<StoredReport> {
  const stored = describe(directory, report, diagnosis);
  try {
    await writeFiles(stored, report, diagnosis);
  } catch (cause) {
    await rm(stored.directory, { recursive: true, force: true }).catch(() => undefined);
    throw notWritten(directory, cause);
  }
  try {
    await removeOldest(directory, keep);
    await writeWhole(join(directory, INDEX), jsonText((await listReports(directory)).map(withoutPaths)));
  } catch (cause) {
    throw notWritten(directory, cause);
  }
  return stored;
}

async function writeFiles(stored: StoredReport, report: Report, diagnosis: Diagnosis): Promise<void> {
  const write = (name: string, text: string) =>
    writeFile(join(stored.directory, name), text, { mode: 0o600 });
  await makeDirectory(stored.directory, 0o700);
  for (const id of DELIVERABLE_IDS) await write(`${id}.md`, renderMarkdown(report, id));
  await write(HTML, renderHtml(report));
  await write('diagnosis.json', jsonText(redactReport(diagnosis)));
  await writeWhole(join(stored.directory, FACTS), jsonText(withoutPaths(stored)));
}

function notWritten(directory: string, cause: unknown): HoldfastError {
  const text = `The report cannot be written to ${directory}: ${errorMessage(cause)}.`;
  return new HoldfastError('usage', text, { cause });
}

function describe(directory: string, report: Report, { rootCauses }: Diagnosis): StoredReport {
  const own = join(directory, report.id);
  return {
    id: report.id,
    createdAt: report.createdAt,
    status: report.status,
    headline: report.headline,
    causes: [...new Set(rootCauses.map(({ code }) => code))],
    directory: own,
    html: join(own, HTML),
  };
}

const withoutPaths = ({ directory: _, html: __, ...facts }: StoredReport) => facts;
const jsonText = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}
`;

/** A reader sees the former file or the new one, never a part. */
async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** The reports in a directory, the newest first; none where there is no such directory. What is no report is passed over. */
export async function listReports(directory: string): Promise<StoredReport[]> {
  const names = await readdir(directory).catch(error => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });
  const found = await Promise.all(
    names.filter(name => ID.test(name)).map(name => readStored(directory, name)),
  );
  return found.filter(report => report !== undefined).toSorted((a, b) => b.id.localeCompare(a.id));
}

async function readStored(directory: string, id: string): Promise<StoredReport | undefined> {
  const own = join(directory, id);
  try {
    const facts = JSON.parse(await readFile(join(own, FACTS), 'utf8')) as Partial<StoredReport>;
    if (facts.id !== id || typeof facts.headline !== 'string' || typeof facts.createdAt !== 'string')
      return undefined;
    const { status = '', causes = [], headline, createdAt } = facts;
    return { id, createdAt, status, headline, causes, directory: own, html: join(own, HTML) };
  } catch {
    return undefined;
  }
}

async function removeOldest(directory: string, keep: number): Promise<void> {
  const old = (await listReports(directory)).slice(Math.max(1, keep));
  for (const report of old) await rm(report.directory, { recursive: true, force: true });
}
