import { type ApiOperation, isProtected } from '../document/api-operation.ts';
import { isObject } from '../document/json-value.ts';
import type { ApiReport } from '../report/api-report.ts';
import { addFinding, leaveOut, type Run } from './run.ts';

const REFUSED = 'the credentials were refused (401)';
/** Why an operation was not examined when no operation at all took the credentials. */
const REFUSED_BY_ALL = `${REFUSED}, as by every operation that asks for some`;

const NAMED = 3;

/** The operations that refused the credentials where no operation took them. */
export function refusedByAll({ notExamined }: Pick<ApiReport, 'notExamined'>): string[] {
  return notExamined.flatMap(({ operation, why }) => (why === REFUSED_BY_ALL ? (operation ?? []) : []));
}

/**
 * What became of the credentials: operations that refused them are left out, and a token that the sign-in of this very run has issued
 * and that every operation refuses is a finding. One operation that takes it shows that the others have reasons of their own.
 */
export function judgeEntry(run: Run): void {
  const asked = run.operations.filter(({ id }) => run.entries.has(id));
  const refused = asked.filter(({ id }) => run.entries.get(id) === 401);
  const byAll = !asked.some(operation => hasEntered(run, operation));
  for (const { id } of refused) leaveOut(run, id, byAll ? REFUSED_BY_ALL : REFUSED);
  if (!byAll || run.budget.spent !== undefined || !mayJudge(run, refused)) return;
  const names = refused.slice(0, NAMED).map(({ id }) => id);
  const others = refused.length > NAMED ? ` and ${refused.length - NAMED} more` : '';
  const all = refused.length === 1 ? 'the operation that asks' : `all ${refused.length} operations that ask`;
  addFinding(
    run,
    {
      kind: 'token_refused',
      summary: `refuses the token that ${signInOf(run)} has just issued (200): 401 from ${all} for one, ${names.join(', ')}${others}`,
    },
    undefined,
  );
}

/** A failure and a path that is not there say nothing of the credentials. */
function hasEntered({ entries }: Run, { id, path }: ApiOperation): boolean {
  const status = entries.get(id) ?? 0;
  const isGone = (status === 404 || status === 405) && !path.includes('{');
  return status < 500 && status !== 401 && !isGone;
}

/** A token of this run, which the document says lets in; a single one of several operations may refuse it for a reason of its own. */
function mayJudge(run: Run, refused: readonly ApiOperation[]): boolean {
  const { access, missing } = run.session;
  if (access.kind !== 'sign-in' || access.signIn.token === undefined || missing !== undefined) return false;
  const header = access.signIn.header?.toLowerCase() ?? 'authorization';
  const able = refused.filter(({ security }) =>
    security.some(names => names.every(name => isOfHeader(run.schemes[name], header))),
  );
  const reads = run.operations.filter(operation => isProtected(operation) && operation.method === 'GET');
  return able.length > 1 || (able.length === 1 && reads.length === 1);
}

/** Whether credentials of this scheme stand in the header. */
function isOfHeader(scheme: unknown, header: string): boolean {
  if (!isObject(scheme) || scheme.type === undefined) return true;
  if (scheme.type === 'apiKey') return scheme.in === 'header' && String(scheme.name).toLowerCase() === header;
  const isBearer = scheme.type !== 'http' || String(scheme.scheme).toLowerCase() === 'bearer';
  return scheme.type !== 'mutualTLS' && isBearer && header === 'authorization';
}

function signInOf({ session: { access } }: Run): string {
  return access.kind === 'sign-in'
    ? `${access.signIn.method ?? 'POST'} ${access.signIn.path}`
    : 'the sign-in';
}
