/**
 * Loaded into every test process. A file whose tests are over but that left something open would run for ever; this
 * ends it and says what was open. The timer itself keeps nothing alive.
 */
const limitMs = Number(process.env.HOLDFAST_TEST_FILE_LIMIT_MS ?? 300_000);

setTimeout(() => {
  const open = process.getActiveResourcesInfo().join(', ');
  process.stderr.write(`Still running after ${limitMs / 1000} s: ${process.argv[1]}. Open: ${open}.\n`);
  process.exit(1);
}, limitMs).unref();
