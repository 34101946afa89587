import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import {
  buildReport,
  DELIVERABLE_IDS,
  listReports,
  type Report,
  type ReportParts,
  renderHtml,
  renderMarkdown,
  reportId,
  storeReport,
} from '../src/report/index.ts';
import { missingReadings, sampleDiagnosis, sampleRepairs } from './report-sample.ts';

function sampleReport(parts: Partial<ReportParts> = {}): Report {
  return buildReport({
    diagnosis: sampleDiagnosis(),
    readings: missingReadings(),
    repairs: sampleRepairs(),
    id: '20260501T100000Z-ab12',
    version: '0.1.0',
    ...parts,
  });
}

const allText = (report: Report): string =>
  [renderHtml(report), ...DELIVERABLE_IDS.map(id => renderMarkdown(report, id))].join('\n');

describe('a report', () => {
  it('has the six deliverables, each with a sentence that answers', () => {
    const { deliverables } = sampleReport();
    assert.deepEqual(
      deliverables.map(({ id, tone }) => [id, tone]),
      [
        ['summary', 'bad'],
        ['database-health', 'bad'],
        ['authentication', 'bad'],
        ['api-restoration', 'bad'],
        ['integration', 'plain'],
        ['performance', 'plain'],
      ],
    );
    assert.equal(deliverables[1]?.lead, '1 of 3 checks failed; 1 could not be made.');
    assert.equal(deliverables[4]?.lead, 'Nothing there could be examined.');
  });

  it('holds no secret and nobody’s address, in any form', () => {
    const text = allText(sampleReport());
    for (const planted of ['hunter2secret', 'ada@example', 'grace@example']) {
      assert.ok(!text.includes(planted), planted);
    }
    assert.match(text, /postgresql:\/\/app:\[redacted\]@db\.example\.com\/shop/);
  });

  it('makes nothing of what names contain', () => {
    const html = renderHtml(sampleReport());
    assert.ok(!/<script|<img|onerror=[^&]*>/i.test(html.replaceAll(/&lt;.*?&gt;/g, '')));
    assert.match(html, /table:&quot;&lt;script&gt;alert\(1\)&lt;\/script&gt;&quot;/);
    const markdown = renderMarkdown(sampleReport(), 'summary');
    assert.ok(!/<script|<img/.test(markdown));
    assert.match(markdown, /table:"&lt;script&gt;alert\(1\)&lt;\/script&gt;"/);
  });

  it('needs no network and no script, and allows its own style alone', () => {
    const html = renderHtml(sampleReport());
    assert.ok(
      !/<(?:script|link|img|iframe|object|base|form)\b|\bstyle=|\bon\w+="|@import|url\((?!#)/i.test(html),
    );
    assert.deepEqual(html.match(/\b(?:src|href)="[^#"][^"]*"/g), null);
    const [, style = ''] = /<style>(.*?)<\/style>/s.exec(html) ?? [];
    const hash = createHash('sha256').update(style).digest('base64');
    assert.ok(html.includes(`default-src 'none'; style-src 'sha256-${hash}'`));
  });

  it('gives every table a caption, every heading its level, every link its target', () => {
    const html = renderHtml(sampleReport());
    const count = (pattern: RegExp) => html.match(pattern)?.length ?? 0;
    assert.equal(count(/<table>/g), count(/<table><caption>[^<]+<\/caption><thead><tr><th scope="col"/g));
    assert.deepEqual([count(/<h1>/g), count(/<h2 /g)], [1, 6]);
    for (const [, id] of html.matchAll(/href="#([^"]+)"/g)) assert.ok(html.includes(`id="${id}"`), id);
    const ids = [...html.matchAll(/\bid="([^"]+)"/g)].map(([, id]) => id);
    assert.equal(new Set(ids).size, ids.length);
  });

  it('says of each thing that could not be read why', () => {
    const text = allText(sampleReport());
    for (const name of Object.keys(missingReadings()))
      assert.match(text, new RegExp(`no ${name} for the test`));
  });

  it('lights the cause, dims what it explains, and says the same in words', () => {
    const html = renderHtml(sampleReport());
    const kinds = [...html.matchAll(/<g class="node (\w+)"><title>([^<]*)</g)].map(
      ([, kind, title]) => `${kind} ${title}`,
    );
    assert.deepEqual(kinds, [
      'symptom api.operations — failed',
      'unexplained auth.login — failed',
      'unseen 1 check — not examined',
      'cause table:&quot;&lt;script&gt;alert(1)&lt;/script&gt;&quot; — table_missing',
      'suspect env:B — two',
      'symptom schema.tables — failed',
      'fine 1 check — fine',
      'suspect env:A — one',
    ]);
    assert.equal(html.match(/<path class="edge"/g)?.length, 2);
    assert.equal(html.match(/<path class="edge open"/g)?.length, 4);
    assert.match(
      renderMarkdown(sampleReport(), 'summary'),
      /Cause: table\\_missing of table:.* which explains schema\.tables, api\.operations@GET \/x\./,
    );
  });

  it('shows repairs before and after, and no longer asks for what helped', () => {
    const markdown = renderMarkdown(sampleReport(), 'summary');
    assert.match(
      markdown,
      /It helped: every check that it was for passes\..*The backup 20260501T100030Z-logical-ab12 was taken before\. 16 other tables compared by checksum: none has changed\./,
    );
    assert.match(
      markdown,
      /It did not help and was taken back.*No backup was taken before\. 16 other tables compared by checksum: public\.orders changed meanwhile\./,
    );
    assert.match(
      markdown,
      /\| data\.sequences \| \*\*failed\*\* \| is at 7, the table at 42 \| ok \| is at 42, the table at 42 \|/,
    );
    assert.match(markdown, /1\. Bring it back: holdfast restore --table x\./);
    const [cause] = sampleDiagnosis().rootCauses;
    const [repair] = sampleRepairs();
    assert.ok(cause !== undefined && repair !== undefined);
    const mended = sampleReport({ repairs: [{ ...repair, code: cause.code, subject: cause.subject }] });
    const [, next = ''] = /## What to do next\n(.*?)\n## /s.exec(renderMarkdown(mended, 'summary')) ?? [];
    assert.ok(!next.includes('Bring it back'), next);
  });

  it('puts what happened into one timeline', () => {
    const incident = { part: 'server', kind: 'exit', actions: ['restarted'] };
    const readings = {
      ...missingReadings(),
      incidents: {
        read: [
          {
            ...incident,
            reason: 'of yesterday',
            startedAt: '2026-04-30T10:00:00Z',
            recoveredAt: '2026-04-30T10:00:03Z',
          },
          {
            ...incident,
            reason: 'long ago',
            startedAt: '2026-01-01T10:00:00Z',
            recoveredAt: '2026-01-01T10:00:03Z',
          },
        ],
      },
      migrations: {
        read: [{ name: '0001_first', appliedAt: '2026-02-01T00:00:00Z', durationMs: 3, appliedBy: 'owner' }],
      },
      backups: { read: [{ id: 'b-1', createdAt: '2026-04-30T12:00:00Z', bytes: 1, validation: null }] },
      backupRuns: {
        read: [
          {
            kind: 'drill' as const,
            at: '2026-04-30T13:00:00Z',
            outcome: 'failed' as const,
            backup: null,
            reason: 'no space',
          },
        ],
      },
    };
    const markdown = renderMarkdown(sampleReport({ readings }), 'summary');
    const [, timeline = ''] = /## Timeline\n\n(.*?)\n\n/s.exec(markdown) ?? [];
    assert.deepEqual(timeline.split('\n'), [
      '- 2026-02-01 00:00:00 UTC (migration) Migration 0001\\_first was applied by owner',
      '- 2026-04-30 10:00:00 UTC (keeper) server: exit, of yesterday; the keeper: restarted',
      '- 2026-04-30 10:00:03 UTC (keeper) server works again (exit)',
      '- 2026-04-30 12:00:00 UTC (backup) Backup b-1',
      '- 2026-04-30 13:00:00 UTC (backup) A drill failed: no space',
      '- 2026-05-01 10:00:00 UTC (doctor) The doctor examined the system and found what this report tells.',
      '- 2026-05-01 10:01:00 UTC (repair) Repair of sequence\\_behind at sequence:orders\\_id\\_seq began',
      '- 2026-05-01 10:01:00 UTC (repair) Repair of index\\_invalid at index:orders\\_key began',
      '- 2026-05-01 10:01:05 UTC (repair) Repair of sequence\\_behind at sequence:orders\\_id\\_seq helped',
      '- 2026-05-01 10:01:05 UTC (repair) Repair of index\\_invalid at index:orders\\_key did not help and was taken back',
    ]);
    assert.match(markdown, /2 earlier ones are left out/);
  });
});

describe('stored reports', () => {
  const at = (minute: number) => new Date(Date.UTC(2026, 4, 1, 10, minute));

  async function place(t: TestContext): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), 'hf-reports-'));
    t.after(() => rm(directory, { recursive: true, force: true }));
    return directory;
  }

  const store = (directory: string, minute: number, keep?: number) =>
    storeReport(directory, sampleReport({ id: reportId(at(minute), 'ab12') }), sampleDiagnosis(), keep);

  it('are files of this user alone, listed from the newest', async t => {
    const directory = await place(t);
    const first = await store(directory, 1);
    await store(directory, 2);
    assert.deepEqual((await readdir(first.directory)).sort(), [
      'api-restoration.md',
      'authentication.md',
      'database-health.md',
      'diagnosis.json',
      'integration.md',
      'performance.md',
      'report.html',
      'report.json',
      'summary.md',
    ]);
    assert.equal((await stat(first.html)).mode & 0o777, 0o600);
    const ids = (await listReports(directory)).map(({ id }) => id);
    assert.deepEqual(ids, ['20260501T100200Z-ab12', '20260501T100100Z-ab12']);
    const index = JSON.parse(await readFile(join(directory, 'index.json'), 'utf8'));
    assert.deepEqual(
      index.map(({ id, causes }: { id: string; causes: string[] }) => [id, causes]),
      ids.map(id => [id, ['table_missing']]),
    );
    assert.ok(!(await readFile(join(first.directory, 'diagnosis.json'), 'utf8')).includes('hunter2secret'));
  });

  it('are kept up to a number, and nothing else is ever removed', async t => {
    const directory = await place(t);
    const facts = { id: 'holiday-photos', headline: 'x', createdAt: '2020-01-01T00:00:00Z' };
    await mkdir(join(directory, 'holiday-photos'));
    await writeFile(join(directory, 'holiday-photos', 'report.json'), JSON.stringify(facts));
    await mkdir(join(directory, '20200101T000000Z-zz99'));
    await writeFile(join(directory, '20200101T000000Z-zz99', 'mine.txt'), 'x');
    for (const minute of [1, 2, 3]) await store(directory, minute, 2);
    assert.deepEqual((await readdir(directory)).sort(), [
      '20200101T000000Z-zz99',
      '20260501T100200Z-ab12',
      '20260501T100300Z-ab12',
      'holiday-photos',
      'index.json',
    ]);
  });

  it('that were not written whole are not listed', async t => {
    const directory = await place(t);
    const { directory: own } = await store(directory, 1);
    await rm(join(own, 'report.json'));
    assert.deepEqual(await listReports(directory), []);
    assert.deepEqual(await listReports(join(directory, 'none')), []);
  });

  it('cannot be written where a file is in the way, and say so', async t => {
    const directory = await place(t);
    const file = join(directory, 'file');
    await writeFile(file, '');
    await chmod(file, 0o600);
    await assert.rejects(store(file, 1), {
      code: 'usage',
      message: /^The report cannot be written to .*file: /,
    });
  });
});
