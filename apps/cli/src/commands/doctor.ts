import { type ExamineOptions, examine, exitCode, renderDiagnosis, resolveTarget } from '@holdfast/doctor';
import { defineCommand } from '../command.ts';
import { readConfiguration } from '../env.ts';
import type { Terminal } from '../terminal.ts';

/** `holdfast doctor`: from symptoms to the cause. */
export const doctor = defineCommand({
  usage: '',
  description:
    'Examines the system from outside and names the root cause of trouble with its evidence and how to repair it. Changes nothing, apart from one probe account that it removes again. Works with the keeper, the server and the database dead, and with settings that are missing or wrong.',
  options: {
    'api-url': { type: 'string', value: 'URL', description: 'the API to examine (also HOLDFAST_API_URL)' },
    'keeper-url': { type: 'string', value: 'URL', description: 'the keeper or proxy in front of it' },
  },
  examples: [
    ['holdfast doctor', 'examine what runs on ./.holdfast'],
    ['holdfast doctor --verbose', 'with every check'],
    ['holdfast doctor --json --api-url http://10.0.0.5:7400', 'another API, as JSON'],
  ],
  exitStatus: [
    [0, 'healthy; degraded external services are included and said'],
    [1, 'there are findings'],
    [2, 'wrong usage'],
    [3, 'nothing could be examined'],
  ],
  run: async ({ options, flags, environment, terminal }) => {
    const configuration = readConfiguration(flags, environment, 'start');
    const target = await resolveTarget({
      home: configuration.home,
      settings: configuration.parsed,
      apiUrl: options['api-url'],
      keeperUrl: options['keeper-url'],
    });
    const diagnosis = await examine(target, progressOf(terminal));
    const { verbose, color } = terminal;
    terminal.result(diagnosis, () => renderDiagnosis(diagnosis, { verbose, color }));
    return exitCode(diagnosis);
  },
});

function progressOf(terminal: Terminal): ExamineOptions {
  return terminal.verbose ? { onProgress: probe => terminal.progress(`looking: ${probe}`) } : {};
}
