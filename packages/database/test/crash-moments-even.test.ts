import { describe } from 'node:test';
import { stopAtMoments } from './crash-moments.ts';

describe('a runner stopped at every second of 200 moments', { timeout: 600_000, concurrency: 2 }, () =>
  stopAtMoments(0),
);
