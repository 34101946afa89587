import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, it } from 'node:test';
import { findListener, findProcess } from './process-table.ts';
import { addressOf, lookAtPort } from './tcp-port.ts';

describe('findProcess', () => {
  it('finds this process and when it started', async () => {
    const found = await findProcess(process.pid);
    assert.equal(found?.pid, process.pid);
    assert.equal(found?.suspended, false);
    assert.ok(Math.abs((found?.startedAt ?? 0) - (Date.now() - process.uptime() * 1_000)) < 5_000);
  });

  it('does not find one that has ended', async () => {
    const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
    const pid = child.pid ?? 0;
    await once(child, 'exit');
    assert.equal(await findProcess(pid), undefined);
  });
});

describe('ports', () => {
  it('finds who listens, and whether anybody does', async t => {
    const server = createServer().listen(0, '127.0.0.1');
    t.after(() => server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const clock = { clock: { monotonic: () => 0, now: () => 0, sleep: async () => undefined } };
    assert.equal((await lookAtPort('127.0.0.1', port, 1_000, clock)).result, 'open');
    if (process.platform === 'linux') assert.equal((await findListener(port, 1))?.pid, process.pid);
    server.close();
    await once(server, 'close');
    assert.equal((await lookAtPort('127.0.0.1', port, 1_000, clock)).result, 'refused');
    assert.equal(await findListener(port, process.pid), undefined);
  });

  it('reads addresses from URLs', () => {
    assert.deepEqual(addressOf('postgresql://a:b@db.example/x'), { host: 'db.example', port: 5_432 });
    assert.deepEqual(addressOf('http://[::1]:7400/'), { host: '::1', port: 7_400 });
    assert.deepEqual(addressOf('https://auth.example.com'), { host: 'auth.example.com', port: 443 });
  });
});
