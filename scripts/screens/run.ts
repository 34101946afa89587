/** `npm run screens`: breaks real systems one way after another, and writes what the doctor says into docs/doctor-screens.md. */
import { writeFile } from 'node:fs/promises';
import { PAGE, pageOf, sectionOf } from './page.ts';
import { SCREENS } from './screens.ts';
import { setStage } from './stage.ts';

const stage = await setStage();
try {
  const sections: string[] = [];
  for (const screen of SCREENS) {
    console.error(screen.title);
    sections.push(sectionOf(screen, await screen.take(stage)));
  }
  await writeFile(PAGE, pageOf(sections));
} finally {
  await stage.close();
}
