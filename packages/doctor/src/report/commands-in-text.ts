/** Verbs that may follow a command, where a plain word could as well be prose. */
const VERBS: Readonly<Record<string, readonly string[]>> = {
  api: ['check'],
  backup: ['copy', 'drill', 'extract', 'prune', 'show', 'verify'],
  doctor: [],
  frontend: ['map'],
  import: ['users'],
  keys: ['check', 'revoke', 'rotate'],
  logs: ['analyze'],
  migrate: ['baseline', 'down', 'plan', 'repair', 'status', 'up', 'verify'],
  report: ['list', 'open', 'show'],
};

const COMMANDS = [
  ...Object.keys(VERBS),
  ...['audit', 'cleanup', 'config', 'dependencies', 'detailed-health', 'drift', 'health', 'keeper'],
  ...['list-backups', 'restore-epoch', 'restore', 'rollback', 'seed', 'serve', 'snapshot', 'start'],
  ...['status', 'stop'],
];

const BEGIN = new RegExp(
  `(?<![\\w.\`/-])(?:holdfast (?:${COMMANDS.join('|')})(?![\\w-])|p?kill (?=-)|chmod (?=\\d)|ps (?=-)|npm (?:ci|run)(?!\\w)|nginx (?=-)|haproxy (?=-)|pg_ctl (?:start|stop|restart)(?!\\w))`,
  'g',
);

/** Options behind which a plain word is prose, not a value. */
const FLAGS =
  /^(?:--(?:sql|yes|undo|with-parents|full|dry-run|list|json|verbose|release|fix)|-CONT|-STOP|-TERM|-KILL|-t)$/;
const QUERY = /(?<=: )(?:select|create) .+?(?=\.?$)/;
const PLAIN = /^[a-z]+$/;
/** What ends a command is not part of it. */
const END = /[.,;:)]+$/;

/** A step that is nothing but a command, with a remark behind it maybe, or a statement: prose begins with a capital letter. */
export function isCommand(step: string): boolean {
  if (!step.startsWith('holdfast ')) return /^[a-z]/.test(step);
  const bare = step.replace(/ # .*$/, '');
  return commandsIn(bare).some(([start, end]) => start === 0 && end === bare.length);
}

/** A step that is a statement of SQL. */
export function isStatement(step: string): boolean {
  return /^[a-z]/.test(step) && /;$/.test(step);
}

/** The commands in a sentence, each as `[start, end)`, in their order. */
export function commandsIn(text: string): readonly (readonly [start: number, end: number])[] {
  const query = QUERY.exec(text);
  if (query !== null) return [[query.index, query.index + query[0].length]];
  return [...text.matchAll(BEGIN)].map(match => [match.index, endOf(text, match.index, match[0])] as const);
}

function endOf(text: string, start: number, begin: string): number {
  let end = start + begin.trimEnd().length;
  let before = begin.trimEnd().split(' ').at(-1) ?? '';
  const rest = text.slice(end);
  for (const [, word = ''] of rest.matchAll(/\s(\S+)/gy)) {
    const bare = word.replace(END, '');
    if (bare === '' || !continues(before, bare)) break;
    end += 1 + bare.length;
    if (bare !== word) break;
    before = bare;
  }
  return end;
}

/** Whether a word goes on with a command whose last word was `before`. */
function continues(before: string, word: string): boolean {
  if (!PLAIN.test(word)) return !/^[(–—…]/.test(word) && !/^[A-Z][a-z]/.test(word);
  if (before.startsWith('-')) return !FLAGS.test(before);
  return VERBS[before]?.includes(word) === true;
}
