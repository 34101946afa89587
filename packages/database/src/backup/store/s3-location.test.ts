import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHoldfastError } from '@holdfast/core';
import { parseS3Location } from './s3-location.ts';

test('a bucket of Amazon needs its name alone', () => {
  assert.deepEqual(parseS3Location('s3://my.backups'), {
    bucket: 'my.backups',
    prefix: '',
    endpoint: undefined,
    region: undefined,
    pathStyle: false,
    partBytes: 33_554_432,
    credentials: undefined,
    name: 's3://my.backups',
  });
});

test('endpoint, region, path style and credentials are read, and the name shows no secret', () => {
  const location = parseS3Location(
    's3://AKIA:a%2Fsecret@backups/prod/shop/?endpoint=https://minio.example:9000&region=eu-central-1&part-mb=64',
  );
  assert.deepEqual(location, {
    bucket: 'backups',
    prefix: 'prod/shop/',
    endpoint: 'https://minio.example:9000',
    region: 'eu-central-1',
    pathStyle: true,
    partBytes: 67_108_864,
    credentials: { accessKeyId: 'AKIA', secretAccessKey: 'a/secret' },
    name: 's3://backups/prod/shop',
  });
});

test('what cannot be used is refused without showing it', () => {
  for (const wrong of [
    's3://',
    's3:///prefix',
    's3://AKIA@backups',
    's3://AKIA:topsecret@backups/a/%2e%2e%2fother',
    's3://AKIA:topsecret@backups?regoin=x',
    's3://AKIA:topsecret@backups?endpoint=minio:9000',
    's3://AKIA:topsecret@backups?path-style=yes',
    's3://AKIA:topsecret@backups?part-mb=4',
    's3://AKIA:topsecret@UPPER_case',
  ]) {
    assert.throws(
      () => parseS3Location(wrong),
      error => isHoldfastError(error, 'configuration_invalid') && !error.message.includes('topsecret'),
      wrong,
    );
  }
});
