import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { PAGE, sectionOf } from './page.ts';
import { SCREENS } from './screens.ts';
import { type Stage, setStage } from './stage.ts';

const LINES = 24;
const COLUMNS = 100;

describe('docs/doctor-screens.md holds what the program says now (npm run screens writes it)', () => {
  let stage: Stage;
  let sections: readonly string[];

  before(async () => {
    stage = await setStage();
    sections = (await readFile(PAGE, 'utf8')).split(/^(?=## )/m).slice(1);
  });
  after(() => stage.close());

  for (const [index, screen] of SCREENS.entries()) {
    it(screen.title, async () => {
      const section = sectionOf(screen, await screen.take(stage));
      assert.equal(sections[index]?.trim(), section.trim());
    });
  }

  it('and nothing else, each on one screen', () => {
    assert.equal(sections.length, SCREENS.length);
    for (const section of sections) {
      const lines = /```text\n([\s\S]*?)```/.exec(section)?.[1]?.trimEnd().split('\n') ?? [];
      const causes = section.match(/^Cause/gm)?.length ?? 1;
      assert.ok(lines.length > 5 && lines.length <= LINES * causes, `${lines.length} lines:\n${section}`);
      // a command is copied, and so never broken
      const long = lines.filter(line => line.length > COLUMNS && !/^ +`[^`]+`\.?$/.test(line));
      assert.deepEqual(long, []);
    }
  });
});
