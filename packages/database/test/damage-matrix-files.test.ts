import { testKinds } from './damage/test-kinds.ts';

// a thousand files, each made durable, take their time on a busy machine
testKinds(['physical, files']);
