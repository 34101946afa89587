import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ApiAnswer } from '../http/exchange.ts';
import { curlOf, exampleOf } from './redact-exchange.ts';

function answer(text: string): ApiAnswer {
  return {
    result: 'answered',
    request: {
      method: 'GET',
      url: 'http://a.example/x?api_key=hidden-key',
      headers: { cookie: 'sid=hidden-sid' },
    },
    status: 200,
    headers: { 'content-type': 'text/plain' },
    setCookies: [],
    mediaType: 'text/plain',
    text,
    truncated: false,
    undecodable: undefined,
    milliseconds: 1,
  };
}

describe('an exchange in a finding', () => {
  it('shows no secret, not even one that the end of the excerpt cuts through', () => {
    const secret = 'hidden-secret-of-this-run';
    const example = exampleOf(
      answer(`${'a'.repeat(290)}${secret}`),
      [secret, 'hidden-key', 'hidden-sid'],
      {},
    );
    assert.doesNotMatch(JSON.stringify(example), /hidden/);
  });

  it('shows no values of secret names, no tokens and no addresses of people', () => {
    const body = {
      password: 'hidden-1',
      note: 'Bearer hidden-token-2',
      user: { mail: 'hidden.3@example.com', name: 'Pat' },
    };
    const { excerpt } = exampleOf(answer(JSON.stringify(body)), [], {});
    assert.doesNotMatch(excerpt ?? '', /hidden/);
    assert.match(excerpt ?? '', /"name":"Pat"/);
  });

  it('has a command that a shell takes as it is', () => {
    const request = {
      method: 'PUT',
      url: "http://a.example/o'hara?x=1&y=2",
      headers: { authorization: 'Bearer abcdefgh', 'content-type': 'application/json', accept: '*/*' },
      body: `{"text":"it's","password":"hidden"}`,
    };
    assert.equal(
      curlOf(request),
      `curl -sS -i -X PUT 'http://a.example/o'\\''hara?x=1&y=2' -H "Authorization: Bearer $TOKEN" -H 'content-type: application/json' --data-binary '{"text":"it'\\''s","password":"[redacted]"}'`,
    );
  });
});
