import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findFreePort } from '../../free-port.ts';
import { ownProcess } from '../own-process.ts';
import { findNginx, spawnNginx, writeNginxFiles } from './nginx-proxy.ts';
import type { ProxySettings } from './proxy-settings.ts';

export interface ShopProxy {
  readonly url: string;
  /** nginx where it is installed, else a program of Node.js that does the same. */
  readonly kind: 'nginx' | 'node';
  /** Takes effect when it resolves. */
  configure(settings: ProxySettings): Promise<void>;
  close(): Promise<void>;
}

export async function startProxy(home: string, first: ProxySettings): Promise<ShopProxy> {
  const directory = join(home, 'proxy');
  await mkdir(directory, { mode: 0o755 });
  const port = await findFreePort();
  const nginx = findNginx();
  const file = join(directory, 'settings.json');
  const write = async (settings: ProxySettings): Promise<void> => {
    await writeFile(file, JSON.stringify(settings));
    if (nginx !== undefined) await writeNginxFiles(directory, port, settings);
  };
  const proxy = ownProcess(() =>
    nginx === undefined
      ? spawn(process.execPath, [join(import.meta.dirname, 'node-proxy.ts'), String(port), file], {
          stdio: 'ignore',
        })
      : spawnNginx(nginx, directory),
  );
  const url = `http://127.0.0.1:${port}`;
  const isUp = async (): Promise<boolean> => {
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(2_000) });
    await response.body?.cancel();
    return true;
  };
  await write(first);
  await proxy.start(isUp);
  return {
    url,
    kind: nginx === undefined ? 'node' : 'nginx',
    configure: async settings => {
      // a reload lets the old settings answer for a moment; a restart does not
      await proxy.stop();
      await write(settings);
      await proxy.start(isUp);
    },
    close: () => proxy.stop(),
  };
}
