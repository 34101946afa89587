import { join } from 'node:path';
import { type Diagnosis, renderDiagnosis } from '@holdfast/doctor';
import { SCREENS, type Screen } from './screens.ts';

export const PAGE = join(import.meta.dirname, '../../docs/doctor-screens.md');

const COLUMNS = 100;

const HEAD = `# What the doctor says

The first screen for ${SCREENS.length} kinds of trouble, each made for real and examined by the program itself; only times, process ids, ports and directories are
made the same for every run. \`npm run screens\` takes them anew, and a test compares them. How it comes to its verdict is in [doctor.md](doctor.md).

A screen begins with what has happened. Then come the cause with the name that [the codebook](doctor.md#the-codebook) has for it, what was seen, and what to
type, with what that would interrupt and how to take it back. What is fine is last, one line for each layer.
`;

/** The section of one screen. */
export function sectionOf({ title, noticed, command }: Screen, diagnosis: Diagnosis): string {
  const screen = renderDiagnosis(diagnosis, { columns: COLUMNS });
  return `## ${title}\n${noticed}\n\n\`\`\`text\n$ ${command}\n${screen}\`\`\`\n`;
}

export function pageOf(sections: readonly string[]): string {
  return [HEAD, ...sections].join('\n');
}
