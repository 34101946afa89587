import type { Surroundings } from './look-around.ts';

/** How long secrets should be. The longest that the present one reaches is its rule; how long that is, is nobody's business. */
const SECRET_LENGTHS = [32, 16];

/** The text of a first `holdfast.config.ts`. Values of variables are never in it, only their names. */
export function firstConfig(found: Surroundings): string {
  const { name, envFile, databaseVariable, ownerVariable, secrets } = found;
  const { frontend, openapi, locked, logs } = found;
  return [
    '// What holdfast doctor examines. What is not named is not examined; docs/doctor.md describes every member.',
    "import type { DoctorConfig } from '@holdfast/doctor';",
    '',
    'export default {',
    ...(name === undefined ? [] : [`  name: ${text(name)},`]),
    ...databaseLines(databaseVariable, ownerVariable),
    ...apiLines(found),
    ...environmentLines(envFile, found.databaseFrom === 'file' ? databaseVariable : undefined, secrets),
    "  // external: [{ name: 'mail', url: 'https://mail.example.com/status' }],",
    ...logLines(logs),
    ...(locked
      ? [
          "  dependencies: { directory: '.' }, // node: the version that the API runs on, when it is another one here",
        ]
      : ["  // dependencies: { directory: '.' },"]),
    ...frontendLines(frontend, openapi),
    '} satisfies DoctorConfig;',
    '',
  ].join('\n');
}

function databaseLines(url: string | undefined, owner: string | undefined): string[] {
  if (url === undefined) return ["  // database: { url: { env: 'DATABASE_URL' } },"];
  return [
    '  database: {',
    `    url: { env: ${text(url)} },`,
    owner === undefined
      ? '    // a role that sees more, such as the owner of the tables, makes the examination better'
      : `    ownerUrl: { env: ${text(owner)} },`,
    "    // dataDirectory: '/var/lib/postgresql/18/main',",
    '  },',
  ];
}

function apiLines({ port, openapi, documented }: Surroundings): string[] {
  const { health, publicUrl, prefix = '' } = documented ?? {};
  const local = port === undefined ? documented?.url : `http://127.0.0.1:${port}${prefix}`;
  return [
    '  api: {',
    '    // every process of the API, reached without the proxy',
    `    urls: [${text(local ?? `http://127.0.0.1:3000${prefix}`)}],${local === undefined ? ' // is this right?' : ''}`,
    `    // proxyUrl: ${text(publicUrl ?? 'https://api.example.com')},`,
    '    // a path that needs no sign-in, and answers below 500 when all is well',
    `    health: ${text(health ?? '/health')},${health === undefined ? ' // is this right?' : ''}`,
    openapi === undefined
      ? "    // openapi: 'openapi.yaml',"
      : `    openapi: ${text(openapi)}, // every operation that only reads is compared with it`,
    '  },',
  ];
}

function environmentLines(
  file: string | undefined,
  url: string | undefined,
  secrets: Surroundings['secrets'],
): string[] {
  if (file === undefined)
    return ["  // environment: { file: '.env', variables: { JWT_SECRET: { minLength: 32 } } },"];
  const rules = [
    ...(url === undefined ? [] : [`      ${url}: { pattern: 'postgres(ql)?://.+' },`]),
    ...secrets.map(({ variable, length }) => `      ${variable}: ${ruleFor(length)},`),
  ];
  return ['  environment: {', `    file: ${text(file)},`, '    variables: {', ...rules, '    },', '  },'];
}

function logLines(logs: readonly string[]): string[] {
  if (logs.length === 0) return ["  // logs: ['/var/log/nginx/access.log'],"];
  return [`  logs: [${logs.map(text).join(', ')}],`];
}

function frontendLines(sources: string | undefined, openapi: string | undefined): string[] {
  if (sources === undefined)
    return [`  // frontend: { sources: 'web/src', openapi: ${text(openapi ?? 'openapi.yaml')} },`];
  const compared = openapi === undefined ? '' : `, openapi: ${text(openapi)}`;
  return [`  frontend: { sources: ${text(sources)}${compared} },`];
}

function text(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`;
}

function ruleFor(length: number): string {
  const least = SECRET_LENGTHS.find(wanted => length >= wanted);
  return least === undefined ? '{ required: true }' : `{ minLength: ${least} }`;
}
