import { HoldfastError } from '@holdfast/core';
import { API_OPTIONS } from '../api/api-options.ts';
import { checkAgainstDocument } from '../api/check.ts';
import { defineCommand } from '../command.ts';

/** `holdfast api check`: whether an API does what its OpenAPI document says. */
export const api = defineCommand({
  usage: 'check --openapi FILE|URL',
  description:
    'Asks an API what its OpenAPI 3.0 or 3.1 document describes, within the schemas, and judges every answer: status, body, content type, form of errors, credentials ignored or asked for needlessly, methods, CORS, cookies as browsers keep them, redirects, limits of lists, times.\n\nOnly operations that change nothing are called, unless --allow-writes; then nothing is changed but what the run has created itself. The seed in the report repeats the same requests, and each finding has a curl command. The output holds no tokens, passwords, cookies or e-mail addresses.\n\nCredentials come from --access FILE (JSON or YAML; {"kind":"sign-in","signIn":{"path":"/login","body":{…},"token":"/access_token"}} signs in) or the variable API_TOKEN, a bearer token.',
  maxPositionals: 1,
  options: API_OPTIONS,
  examples: [
    ['holdfast api check --openapi openapi.yaml --api-url http://127.0.0.1:3000', 'without credentials'],
    [
      'API_TOKEN=… holdfast api check --openapi https://api.example.com/openapi.json',
      'with a token, at the server that the document names',
    ],
    [
      'holdfast api check --openapi shop.yaml --access probe.json --api-url http://10.0.0.5:3000 --api-url https://api.example.com --origin https://app.example.com',
      'one replica and the proxy, as the pages of an origin use them',
    ],
    [
      "holdfast api check --openapi shop.yaml --only 'GET /orders/{id}' --seed 42 --verbose",
      'one operation again',
    ],
  ],
  exitStatus: [
    [0, 'the API does what its document says (warnings included, unless --strict)'],
    [1, 'at least one error was found'],
    [2, 'wrong usage'],
    [
      3,
      'the document cannot be used, the API cannot be reached, or it refused the given credentials everywhere',
    ],
  ],
  run: context => {
    const [verb] = context.positionals;
    if (verb !== 'check') throw new HoldfastError('usage', 'Write holdfast api check --openapi FILE|URL.');
    return checkAgainstDocument(context);
  },
});
