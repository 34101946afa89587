import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { it } from 'node:test';
import { eventually } from '@holdfast/testing';
import { findOpener, openFile } from './open-file.ts';

it('opens a page where there is a graphical session and a program for it, and nowhere else', async t => {
  const directory = await mkdtemp(join(tmpdir(), 'hf-open-'));
  t.after(() => rm(directory, { recursive: true }));
  const program = join(directory, 'xdg-open');
  await writeFile(
    program,
    `#!/bin/sh\nprintf %s "$1" > '${directory}/.seen' && mv '${directory}/.seen' '${directory}/seen'\n`,
    { mode: 0o755 },
  );
  const PATH = ['/nowhere', directory].join(delimiter);
  assert.equal(await findOpener('linux', { PATH }), undefined);
  assert.equal(await findOpener('linux', { PATH, DISPLAY: '' }), undefined);
  assert.equal(await findOpener('linux', { PATH: '/nowhere', DISPLAY: ':0' }), undefined);
  assert.deepEqual(await findOpener('darwin', {}), { command: 'open', args: [] });
  const opener = await findOpener('linux', { PATH, WAYLAND_DISPLAY: 'wayland-0' });
  assert.deepEqual(opener, { command: program, args: [] });
  assert.equal(await openFile({ command: program, args: [] }, '/a page.html'), true);
  const seen = await eventually(() => readFile(join(directory, 'seen'), 'utf8').catch(() => undefined));
  assert.equal(seen, '/a page.html');
  assert.equal(await openFile({ command: join(directory, 'none'), args: [] }, '/x'), false);
});
