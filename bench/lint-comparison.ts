/**
 * `npm run bench:lint [-- --write]`: what Holdfast's lint and squawk find in the cases of packages/database/test/lint-cases, whose
 * effect the tests observe on PostgreSQL. Prints Markdown; with --write puts it into docs/migrations/lint.md.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { LINT_RULES, lintMigrations, readLintSource } from '@holdfast/database/lint';

const ROOT = join(import.meta.dirname, '..');
const CASES = join(ROOT, 'packages/database/test/lint-cases');
const PAGE = join(ROOT, 'docs/migrations/lint.md');
const SQUAWK = fileURLToPath(import.meta.resolve('squawk-cli/js/bin/squawk'));
/** Rules about taste, and about time limits, which a runner sets for every file: neither counts as a finding. */
const NOT_COUNTED = [
  'prefer-bigint-over-int',
  'prefer-identity',
  'prefer-robust-stmts',
  'prefer-text-field',
  'prefer-timestamp-tz',
  'require-enum-value-ordering',
  'require-lock-timeout',
  'require-statement-timeout',
];

interface Row {
  readonly file: string;
  readonly truth: string;
  readonly holdfast: readonly string[];
  readonly squawk: readonly string[];
  /** With the statements of the schema before those of the case, in one file. */
  readonly squawkAfterSchema: readonly string[];
}

const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } });
const dangerous = await compare('dangerous');
const harmless = await compare('harmless');
const markdown = render(dangerous, harmless, await squawkVersion());
console.log(markdown);
if (values.write) await writeIntoPage(markdown);

async function compare(kind: 'dangerous' | 'harmless'): Promise<Row[]> {
  const schema = await readLintSource(join(CASES, '0001_schema.sql'));
  const rows: Row[] = [];
  for (const file of (await readdir(join(CASES, kind))).sort()) {
    const path = join(CASES, kind, file);
    const source = await readLintSource(path);
    const { findings } = await lintMigrations([schema, source], new Set([file]));
    const truth = /^-- truth: (.+)$/m.exec(source.text)?.[1] ?? '';
    const holdfast = unique(findings.map(({ rule }) => rule));
    const inTransaction = !source.text.includes('transaction:false');
    rows.push({
      file,
      truth,
      holdfast,
      squawk: await squawk(path, inTransaction),
      squawkAfterSchema: await squawkAfter(schema.text, source.text),
    });
  }
  return rows;
}

/** Squawk's own rules and defaults, told the version and whether a transaction is wrapped around the file. */
async function squawk(path: string, inTransaction: boolean, afterLine = 0): Promise<string[]> {
  const args = [
    '--reporter',
    'json',
    '--pg-version',
    '18.0',
    ...(inTransaction ? ['--assume-in-transaction'] : []),
  ];
  const output = await runSquawk([...args, path]);
  const findings = JSON.parse(output) as { rule_name: string; line: number }[];
  const about = findings.filter(({ line }) => line > afterLine);
  return unique(about.map(finding => finding.rule_name)).filter(rule => !NOT_COUNTED.includes(rule));
}

/** It reads each file alone; with the schema in front it knows the tables, and takes them for committed. */
async function squawkAfter(schema: string, text: string): Promise<string[]> {
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-squawk-'));
  try {
    const before = `${schema.replace(/^-- migrate:up$/m, '')}\n`;
    const path = join(dir, 'both.sql');
    await writeFile(path, before + text);
    return await squawk(path, false, before.split('\n').length - 1);
  } finally {
    await rm(dir, { recursive: true });
  }
}

/** It exits with 1 when it has found something. */
async function runSquawk(args: readonly string[]): Promise<string> {
  try {
    return (await promisify(execFile)(process.execPath, [SQUAWK, ...args])).stdout;
  } catch (error) {
    const { code, stdout } = error as { code?: number; stdout?: string };
    if (code === 1 && stdout !== undefined) return stdout;
    throw error;
  }
}

async function squawkVersion(): Promise<string> {
  return (await runSquawk(['--version'])).trim();
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}

function render(dangerousRows: readonly Row[], harmlessRows: readonly Row[], version: string): string {
  const found = (rows: readonly Row[], side: 'holdfast' | 'squawk' | 'squawkAfterSchema') =>
    rows.filter(row => row[side].length > 0).length;
  return [
    [
      `| | Holdfast | ${version} | ${version}, schema in front |`,
      '|---|--:|--:|--:|',
      `| of ${dangerousRows.length} dangerous ones, found | ${found(dangerousRows, 'holdfast')} | ${found(dangerousRows, 'squawk')} | ${found(dangerousRows, 'squawkAfterSchema')} |`,
      `| of ${harmlessRows.length} harmless ones, objected to | ${found(harmlessRows, 'holdfast')} | ${found(harmlessRows, 'squawk')} | ${found(harmlessRows, 'squawkAfterSchema')} |`,
    ].join('\n'),
    ...(['Dangerous', 'Harmless'] as const).map(title =>
      [
        `### ${title}`,
        '',
        `| case | what PostgreSQL does | Holdfast | squawk |`,
        '|---|---|---|---|',
        ...(title === 'Dangerous' ? dangerousRows : harmlessRows).map(renderRow),
      ].join('\n'),
    ),
  ].join('\n\n');
}

function renderRow({ file, truth, holdfast, squawk: other }: Row): string {
  const name = file.replace(/^\d+_|\.sql$/g, '').replaceAll('_', ' ');
  return `| ${name} | ${truth} | ${holdfast.join(', ') || '–'} | ${other.join(', ') || '–'} |`;
}

function renderRules(): string {
  const rows = Object.entries(LINT_RULES).map(
    ([rule, [level, title]]) => `| \`${rule}\` | ${level} | ${title} |`,
  );
  return ['| rule | level | what it is about |', '|---|---|---|', ...rows].join('\n');
}

async function writeIntoPage(comparison: string): Promise<void> {
  const page = await readFile(PAGE, 'utf8');
  await writeFile(PAGE, putBetween(putBetween(page, 'rules', renderRules()), 'comparison', comparison));
}

/** Replaces what stands between two comments of the page. */
function putBetween(page: string, name: string, text: string): string {
  const start = `<!-- ${name}: written by npm run bench:lint -- --write -->`;
  const end = `<!-- end of ${name} -->`;
  const [before, rest] = page.split(start);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`${PAGE} has no place for ${name}`);
  return `${before}${start}\n\n${text}\n\n${end}${after}`;
}
