import { testKinds } from './damage/test-kinds.ts';

testKinds([
  'physical, compressed',
  'physical, compressed, encrypted',
  'logical, directory',
  'logical, directory, encrypted',
  'logical, plain SQL',
  'pgBackRest',
  'pgBackRest, encrypted',
]);
