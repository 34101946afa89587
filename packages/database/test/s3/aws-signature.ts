import { createHash, createHmac } from 'node:crypto';

/** An HTTP request as it arrived. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query, percent-encoded as they were sent. */
  readonly target: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/;

/**
 * Why S3 would refuse this request; undefined when its signature is right. Computed from the specification ("Signature Calculations for
 * the Authorization Header" in the S3 API reference), and from nothing that the SDK is made of.
 */
export function signatureProblem(request: SignedRequest, credentials: S3Credentials): string | undefined {
  const { headers, body } = request;
  const [, keyId, day, region, signedNames, signature] =
    AUTHORIZATION.exec(headers.authorization ?? '') ?? [];
  if (keyId === undefined || day === undefined || region === undefined || signedNames === undefined)
    return 'AccessDenied';
  if (keyId !== credentials.accessKeyId) return 'InvalidAccessKeyId';
  const payload = headers['x-amz-content-sha256'] ?? '';
  if (/^[0-9a-f]{64}$/.test(payload) && payload !== sha256(body)) return 'XAmzContentSHA256Mismatch';
  const moment = headers['x-amz-date'] ?? '';
  const names = signedNames.split(';');
  // what an attacker could add must be signed as well
  const left = Object.keys(headers).filter(name => name.startsWith('x-amz-') && !names.includes(name));
  if (!names.includes('host') || left.length > 0) return 'AccessDenied';
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', moment, scope, sha256(canonicalRequest(request, names, payload))].join(
    '\n',
  );
  const key = [day, region, 's3', 'aws4_request'].reduce<string | Buffer>(
    (secret, part) => hmac(secret, part),
    `AWS4${credentials.secretAccessKey}`,
  );
  return hmac(key, text).toString('hex') === signature ? undefined : 'SignatureDoesNotMatch';
}

function canonicalRequest(
  { method, target, headers }: SignedRequest,
  names: readonly string[],
  payload: string,
): string {
  const [path = '/', query = ''] = target.split('?');
  return [
    method,
    path.split('/').map(canonicalPart).join('/'),
    canonicalQuery(query),
    ...names.map(name => `${name}:${(headers[name] ?? '').trim().replaceAll(/ +/g, ' ')}`),
    '',
    names.join(';'),
    payload,
  ].join('\n');
}

function canonicalQuery(query: string): string {
  return query
    .split('&')
    .filter(part => part !== '')
    .map(part => {
      const [name = '', value = ''] = part.split('=');
      return [canonicalPart(name), canonicalPart(value)] as const;
    })
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

/** Everything but unreserved characters is encoded, whatever the sender left as it is. */
function canonicalPart(sent: string): string {
  return encodeURIComponent(decodeURIComponent(sent)).replaceAll(
    /[!'()*]/g,
    char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
