import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BoundedCounter } from './bounded-counter.ts';
import { foldPath } from './fold-path.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import { milestoneOf } from './milestone.ts';
import { createRouteMatcher, templatesOf } from './route-matcher.ts';
import { TemplateMiner } from './template-miner.ts';
import { timeWindow } from './time-window.ts';

describe('templates of paths', () => {
  it('folds numbers, identifiers, hashes and addresses, and leaves words', () => {
    const cases: [string, string][] = [
      ['/users/17/orders/3f2a9c01', '/users/{id}/orders/{id}'],
      ['/u/018f3c52-7b1e-7abc-8def-0123456789ab/', '/u/{id}'],
      ['/invite/ada@example.com', '/invite/{id}'],
      ['/reset/Ab3dEf6hIj9lMn2pQr5t', '/reset/{id}'],
      ['/cus_9s6XKzkNRiz8i3', '/{id}'],
      ['/api/v1/auth/login', '/api/v1/auth/login'],
      ['/blog/2015-03-02', '/blog/{id}'],
      ['/images/deep/er/logo.PNG', '/images/*.png'],
      ['/', '/'],
      ['', ''],
    ];
    for (const [path, template] of cases) assert.equal(foldPath(path), template);
  });

  it('prefers the templates of a document, words before parameters, and folds the rest', () => {
    const document = {
      servers: [{ url: 'https://x.example/v2/' }],
      paths: { '/pets/{name}': {}, '/pets/new': {} },
    };
    const match = createRouteMatcher(templatesOf(document));
    assert.deepEqual(['/v2/pets/rex', '/v2/pets/new', '/v2/cats/7'].map(match), [
      '/v2/pets/{name}',
      '/v2/pets/new',
      '/v2/cats/{id}',
    ]);
    assert.deepEqual(templatesOf('nonsense'), []);
  });
});

describe('BoundedCounter', () => {
  it('keeps whoever is frequent, within the error it states', () => {
    const counter = new BoundedCounter(100);
    for (let round = 0; round < 2_000; round += 1) {
      counter.add(`rare ${round}`);
      if (round % 4 === 0) counter.add('frequent');
    }
    assert.ok(counter.size <= 100);
    assert.equal(counter.top(1)[0]?.[0], 'frequent');
    const seen = counter.get('frequent');
    assert.ok(seen <= 500 && seen >= 500 - counter.error, `${seen} of 500, error ${counter.error}`);
    assert.ok(counter.error > 0);
  });
});

describe('LatencyHistogram', () => {
  it('gives quantiles within 4 percent', () => {
    const histogram = new LatencyHistogram();
    for (let value = 1; value <= 10_000; value += 1) histogram.add(value);
    for (const share of [0.01, 0.5, 0.95, 0.99]) {
      const off = (histogram.quantile(share) ?? 0) / (share * 10_000) - 1;
      assert.ok(Math.abs(off) <= 0.045, `${share}: ${off}`);
    }
    assert.equal(new LatencyHistogram().quantile(0.5), undefined);
  });
});

describe('TemplateMiner', () => {
  it('takes messages together that differ in values', () => {
    const miner = new TemplateMiner();
    for (let index = 0; index < 50; index += 1) {
      miner.add(`user ${index} bought "thing ${index}" from 10.0.0.${index}`, 1, index, 0, index + 1);
      miner.add(`cannot open ${index % 2 === 0 ? 'file' : 'socket'} in time`, 3, index, 0, index + 1);
    }
    assert.deepEqual(
      miner.templates.map(({ tokens, count, line, lastAt }) => [tokens.join(' '), count, line, lastAt]),
      [
        ['user <*> bought <*> from <*>', 50, 1, 49],
        ['cannot open <*> in time', 50, 1, 49],
      ],
    );
  });

  it('has an end', () => {
    const miner = new TemplateMiner();
    const word = (index: number) => [...String(index)].map(digit => 'abcdefghij'[Number(digit)]).join('');
    for (let index = 0; index < 3_000; index += 1)
      miner.add(`${word(index)} ${word(index * 7)}x`, 1, 0, 0, 1);
    assert.ok(miner.templates.length <= 1_000);
    assert.equal(miner.dropped, 3_000 - miner.templates.reduce((sum, { count }) => sum + count, 0));
  });
});

describe('milestones', () => {
  it('are known by the words of PostgreSQL, proxies, drivers and deployments', () => {
    const cases: [string, string | undefined][] = [
      ['received fast shutdown request', 'database_stop'],
      ['terminating connection due to administrator command', 'connections_ended'],
      ['server process (PID 17) was terminated by signal 9: Killed', 'database_crash'],
      ['database system is ready to accept connections', 'database_start'],
      ['request: connect ECONNREFUSED 127.0.0.1:5432', 'database_unreachable'],
      ['request: The database is not available', 'database_unreachable'],
      ['sorry, too many clients already', 'connections_exhausted'],
      ['*1 upstream timed out (110: Connection timed out)', 'upstream_unreachable'],
      ['*1 SSL_do_handshake() failed', 'tls_trouble'],
      ['JWT verification: signing key expired', 'key_trouble'],
      ['Deployed v2.1 of api', 'deployment'],
      ['listening', 'process_start'],
      ['checkpoint complete: wrote 7 buffers', undefined],
      ['user signed in', undefined],
    ];
    for (const [message, kind] of cases) assert.equal(milestoneOf(message), kind, message);
  });
});

describe('timeWindow', () => {
  it('has buckets of a minute for a week, and never more than 12,000', () => {
    const day = 86_400_000;
    assert.equal(timeWindow(0, 7 * day).bucketMs, 60_000);
    for (const days of [30, 365, 20_000]) {
      assert.ok((days * day) / timeWindow(0, days * day).bucketMs <= 12_000, `${days} days`);
    }
  });
});
