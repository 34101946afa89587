import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ApiAnswer } from '../http/exchange.ts';
import { judgeRedirect } from './judge-redirect.ts';

function redirect(url: string, status: number, location: string): ApiAnswer {
  return {
    result: 'answered',
    request: { method: 'GET', url, headers: {} },
    status,
    headers: { location },
    setCookies: [],
    mediaType: '',
    text: '',
    truncated: false,
    undecodable: undefined,
    milliseconds: 1,
  };
}

describe('a redirect', () => {
  const cases: readonly [from: string, status: number, to: string, expected: string | undefined][] = [
    ['https://a.example/x', 302, 'http://a.example/x', 'redirect_downgrade'],
    ['https://a.example/x', 301, 'http://b.example/y', 'redirect_downgrade'],
    ['http://a.example/x', 301, 'https://a.example/x', undefined],
    ['http://a.example/x', 302, '/x', 'redirect_loop'],
    ['http://a.example/x', 301, '/x/', 'redirect_slash'],
    ['http://a.example/x/', 308, '/x', 'redirect_slash'],
    ['http://a.example/x', 303, '/y', undefined],
    ['http://a.example/x', 200, '/x/', undefined],
  ];
  for (const [from, status, to, expected] of cases) {
    it(`${status} from ${from} to ${to}: ${expected ?? 'may be meant'}`, () => {
      assert.equal(judgeRedirect(redirect(from, status, to), true)?.kind, expected);
    });
  }

  it('loses a POST by 301 and not by 308', () => {
    const summaryOf = (status: number) =>
      judgeRedirect(redirect('http://a.example/x', status, '/x/'), true)?.summary;
    assert.match(summaryOf(301) ?? '', /a POST becomes a GET/);
    assert.doesNotMatch(summaryOf(308) ?? '', /becomes a GET/);
  });
});
