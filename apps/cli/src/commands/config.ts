import { assertSettings, type DescribedSetting } from '@holdfast/core';
import { defineCommand } from '../command.ts';
import { describeConfiguration, readConfiguration } from '../env.ts';
import { unknownWarning } from '../unknown-warning.ts';

/** `holdfast config`: the effective configuration with origins, secrets masked. */
export const config = defineCommand({
  usage: '',
  description:
    'Shows every setting with its effective value and where the value comes from: the command line, the environment, the env file, or the default. Secrets are masked.',
  options: {
    example: { type: 'boolean', description: 'print a commented .env file with every variable' },
  },
  examples: [
    ['holdfast config', 'the configuration that holdfast start would use'],
    ['holdfast config --json', 'the same for programs'],
    ['holdfast config --example > .env', 'a file to fill in'],
  ],
  exitStatus: [
    [0, 'the configuration is valid'],
    [2, 'a setting is missing or wrong; all of them are named'],
  ],
  run: async ({ options, flags, environment, terminal }) => {
    if (options.example === true) {
      const { envExample } = await import('@holdfast/core');
      terminal.result({ example: envExample() }, envExample);
      return 0;
    }
    const configuration = readConfiguration(flags, environment);
    assertSettings(configuration.parsed);
    const settings = describeConfiguration(configuration);
    const { home, unknown } = configuration;
    terminal.result({ home, settings, unknown }, () => settings.map(settingLine).join('\n'));
    for (const variable of unknown) terminal.warning(unknownWarning(variable));
    return 0;
  },
});

function settingLine({ variable, value, origin }: DescribedSetting): string {
  const text = Array.isArray(value) ? value.join(',') : String(value ?? '(not set)');
  return `${variable}=${text}  (${origin})`;
}
