// Argon2id alone: how many verifications a second, `atOnce` at the same time.
import { hash, verify } from '@node-rs/argon2';

const [memoryCost, timeCost, parallelism, atOnce, seconds] = process.argv.slice(2).map(Number);
const password = 'seven quiet lanterns drift';
const stored = await hash(password, { algorithm: 2, memoryCost, timeCost, parallelism });

const start = performance.now();
const end = start + seconds * 1000;
let done = 0;

async function work() {
  while (performance.now() < end) {
    if (!(await verify(stored, password))) throw new Error('the password does not fit');
    done += 1;
  }
}

await Promise.all(Array.from({ length: atOnce }, work));
process.stdout.write(`${JSON.stringify({ perSecond: (done * 1000) / (performance.now() - start) })}\n`);
