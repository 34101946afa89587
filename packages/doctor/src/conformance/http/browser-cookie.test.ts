import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseSetCookie, pathMatches, refusal } from './browser-cookie.ts';

const HTTP = 'http://shop.example/api/login';
const HTTPS = 'https://shop.example/api/login';

function why(header: string, url: string): string {
  const cookie = parseSetCookie(header, url);
  return cookie === undefined ? 'ignored' : (refusal(cookie, url) ?? 'kept');
}

describe('a cookie in a browser', () => {
  const cases: readonly [header: string, url: string, expected: RegExp][] = [
    ['sid=1', HTTP, /^kept$/],
    ['sid=1; Secure', HTTP, /^it is Secure/],
    ['sid=1; Secure', HTTPS, /^kept$/],
    ['sid=1; Secure', 'http://localhost:3000/', /^kept$/],
    ['sid=1; Secure', 'http://127.0.0.1:3000/', /^kept$/],
    ['sid=1; SameSite=None', HTTPS, /^it has SameSite=None/],
    ['sid=1; SameSite=None; Secure', HTTPS, /^kept$/],
    ['sid=1; Domain=shop.example', HTTPS, /^kept$/],
    ['sid=1; Domain=.example', HTTPS, /^kept$/],
    ['sid=1; Domain=other.example', HTTPS, /^its Domain other\.example is not that of shop\.example/],
    ['sid=1; Domain=api.shop.example', HTTPS, /^its Domain/],
    ['sid=1; Domain=0.0.1', 'http://127.0.0.1/', /^its Domain/],
    ['__Host-sid=1; Secure; Path=/', HTTPS, /^kept$/],
    ['__Host-sid=1; Path=/', HTTPS, /asks for Secure/],
    ['__Host-sid=1; Secure; Path=/api', HTTPS, /asks for Path=\//],
    ['__Host-sid=1; Secure; Path=/; Domain=shop.example', HTTPS, /forbids Domain/],
    ['__Secure-sid=1', HTTPS, /asks for Secure/],
    [`sid=${'x'.repeat(4_096)}`, HTTPS, /longer than 4096/],
    ['no value at all', HTTPS, /^ignored$/],
  ];
  for (const [header, url, expected] of cases) {
    it(`${header.slice(0, 60)} from ${url}: ${expected.source}`, () =>
      assert.match(why(header, url), expected));
  }

  it('belongs to the directory of the request without a Path, and is sent below it alone', () => {
    assert.equal(parseSetCookie('a=1', HTTP)?.path, '/api');
    assert.equal(parseSetCookie('a=1; Path=relative', HTTP)?.path, '/api');
    assert.deepEqual(
      ['/api', '/api/x', '/apix', '/'].map(path => pathMatches('/api', path)),
      [true, true, false, false],
    );
    assert.ok(pathMatches('/api/', '/api/x'));
  });

  it('is removed by its age or its date', () => {
    for (const text of ['a=; Max-Age=0', 'a=; Max-Age=-5', 'a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT']) {
      assert.equal(parseSetCookie(text, HTTP)?.removes, true, text);
    }
    assert.equal(
      parseSetCookie('a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT', HTTP)?.removes,
      false,
    );
  });
});
