import assert from 'node:assert/strict';
import { test } from 'node:test';
import { databaseUrlProblem } from './database-url.ts';

test('what a client can use is fine', () => {
  for (const url of [
    'postgresql://me:p%25w%C3%A9@db.example:5433/app?sslmode=require',
    'postgres://me@[::1]/app',
    'postgresql:///app?host=/run/postgresql',
    'postgresql://me@%2Frun%2Fpostgresql/app',
    'postgresql://db/app?sslmode=verify-ca&sslrootcert=/etc/ca.pem',
  ]) {
    assert.equal(databaseUrlProblem(url), undefined, url);
  }
});

test('what is wrong is named without a word of the URL', () => {
  const wrong: [string, RegExp][] = [
    ['nonsense', /^must be a URL/],
    ['postgresql://me:secret@db:port/app', /^must be a URL/],
    ['mysql://me:secret@db/app', /^must start with postgresql:/],
    ['postgresql://me:secret%@db/app', /^has a password that is not percent-encoded/],
    ['postgresql://me%ff:secret@db/app', /^has a user name that/],
    ['postgresql://me:secret@db/app%E0%A4', /^has a database name that/],
    ['postgresql://me:secret@db/app?options=%zz', /^has a parameter that/],
    ['postgresql://me:secret@db/app?sslmode=always', /^has an sslmode that is none of disable, /],
    ['postgresql://me:secret@db/app?sslmode=verify-ca', /^has sslmode=verify-ca without sslrootcert/],
  ];
  for (const [url, message] of wrong) {
    const problem = databaseUrlProblem(url) ?? '';
    assert.match(problem, message, url);
    assert.doesNotMatch(problem, /secret|app/);
  }
});
