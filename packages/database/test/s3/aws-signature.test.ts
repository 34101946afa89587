import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type SignedRequest, signatureProblem } from './aws-signature.ts';

const CREDENTIALS = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

function request(
  method: string,
  target: string,
  signature: string,
  extra: Readonly<Record<string, string>> = {},
  body = '',
): SignedRequest {
  const headers: Record<string, string> = {
    host: 'examplebucket.s3.amazonaws.com',
    'x-amz-date': '20130524T000000Z',
    'x-amz-content-sha256': EMPTY,
    ...extra,
  };
  const names = Object.keys(headers).toSorted().join(';');
  const authorization = `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=${names},Signature=${signature}`;
  return { method, target, headers: { ...headers, authorization }, body: Buffer.from(body) };
}

/** The examples in "Authenticating Requests: Using the Authorization Header" of the S3 API reference. */
const EXAMPLES: readonly SignedRequest[] = [
  request('GET', '/test.txt', 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41', {
    range: 'bytes=0-9',
  }),
  request(
    'PUT',
    '/test%24file.text',
    '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    {
      date: 'Fri, 24 May 2013 00:00:00 GMT',
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
      'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
    },
    'Welcome to Amazon S3.',
  ),
  request('GET', '/?lifecycle', 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543'),
  request('GET', '/?max-keys=2&prefix=J', '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7'),
];

test('the examples that Amazon publishes are right', () => {
  for (const example of EXAMPLES)
    assert.equal(signatureProblem(example, CREDENTIALS), undefined, example.target);
});

test('anything that differs from what was signed is refused', () => {
  const [get, put] = EXAMPLES;
  assert.ok(get !== undefined && put !== undefined);
  const header = (name: string, value: string): SignedRequest => ({
    ...get,
    headers: { ...get.headers, [name]: value },
  });
  const wrong = 'SignatureDoesNotMatch';
  assert.equal(signatureProblem(get, { ...CREDENTIALS, secretAccessKey: 'another' }), wrong);
  assert.equal(signatureProblem(get, { ...CREDENTIALS, accessKeyId: 'ANOTHER' }), 'InvalidAccessKeyId');
  assert.equal(signatureProblem({ ...get, target: '/test.txu' }, CREDENTIALS), wrong);
  assert.equal(signatureProblem({ ...get, target: '/test.txt?acl' }, CREDENTIALS), wrong);
  assert.equal(signatureProblem({ ...get, method: 'DELETE' }, CREDENTIALS), wrong);
  assert.equal(signatureProblem(header('range', 'bytes=0-8'), CREDENTIALS), wrong);
  assert.equal(signatureProblem(header('x-amz-acl', 'public-read'), CREDENTIALS), 'AccessDenied');
  assert.equal(signatureProblem(header('authorization', ''), CREDENTIALS), 'AccessDenied');
  assert.equal(
    signatureProblem({ ...put, body: Buffer.from('Welcome to Amazon S4.') }, CREDENTIALS),
    'XAmzContentSHA256Mismatch',
  );
});
