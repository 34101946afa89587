import { describe } from 'node:test';
import { stopAtMoments } from './crash-moments.ts';

describe('a runner stopped at every fourth of 200 moments, from number 1 on', { concurrency: 2 }, () =>
  stopAtMoments(0),
);
