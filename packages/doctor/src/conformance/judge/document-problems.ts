import type { ApiOperation } from '../document/api-operation.ts';
import type { Verdict } from '../report/collect-findings.ts';

export interface DocumentProblem {
  readonly operation: string;
  readonly verdict: Verdict;
}

/** What a document contradicts itself in, though its operations can be called all the same. */
export function documentProblems(operations: readonly ApiOperation[]): DocumentProblem[] {
  return [...undeclaredParameters(operations), ...sameNames(operations), ...samePaths(operations)];
}

function problem(operation: string, summary: string): DocumentProblem {
  return { operation, verdict: { kind: 'document', summary } };
}

function undeclaredParameters(operations: readonly ApiOperation[]): DocumentProblem[] {
  return operations.flatMap(({ id, parameters }) =>
    parameters
      .filter(
        ({ place, schema, mediaType }) => place === 'path' && schema === undefined && mediaType === undefined,
      )
      .map(({ name }) => problem(id, `does not declare what {${name}} is`)),
  );
}

function sameNames(operations: readonly ApiOperation[]): DocumentProblem[] {
  const named = operations.filter(({ operationId }) => operationId !== undefined);
  const groups = [...Map.groupBy(named, ({ operationId }) => operationId).values()];
  return groups
    .filter(group => group.length > 1)
    .flatMap(([first, ...others]) =>
      others.map(({ id, operationId }) => problem(id, `has the operationId ${operationId} of ${first?.id}`)),
    );
}

/** `/orders/{id}` and `/orders/{number}` cannot be told apart. */
function samePaths(operations: readonly ApiOperation[]): DocumentProblem[] {
  const shape = ({ method, path }: ApiOperation) => `${method} ${path.replaceAll(/\{[^}]+\}/g, '{}')}`;
  const groups = [...Map.groupBy(operations, shape).values()];
  return groups
    .filter(group => group.length > 1)
    .flatMap(([first, ...others]) =>
      others.map(({ id }) => problem(id, `has a path that cannot be told from that of ${first?.id}`)),
    );
}
