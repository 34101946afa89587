import Type from 'typebox';
import { FINDING_KINDS, type FindingKind } from './finding-kinds.ts';

const kinds = Object.keys(FINDING_KINDS) as FindingKind[];
const Severity = Type.Union([Type.Literal('error'), Type.Literal('warning')]);

const Finding = Type.Object({
  kind: Type.Union(kinds.map(kind => Type.Literal(kind))),
  severity: Severity,
  operation: Type.Optional(Type.String()),
  summary: Type.String(),
  advice: Type.String(),
  count: Type.Integer({ minimum: 1 }),
  targets: Type.Array(Type.String(), { minItems: 1 }),
  example: Type.Optional(
    Type.Object({
      request: Type.String(),
      status: Type.Optional(Type.Integer()),
      contentType: Type.Optional(Type.String()),
      excerpt: Type.Optional(Type.String()),
      curl: Type.String(),
    }),
  ),
});

/** JSON Schema of what `holdfast api check --json` writes; the form of ApiReport. */
export const API_REPORT_SCHEMA = Type.Object({
  version: Type.Literal(1),
  status: Type.Union([Type.Literal('conforms'), Type.Literal('findings'), Type.Literal('not_examined')]),
  document: Type.Object({
    name: Type.String(),
    openapi: Type.Union([Type.Literal('3.0'), Type.Literal('3.1')]),
    title: Type.String(),
    operations: Type.Integer(),
  }),
  seed: Type.Integer(),
  targets: Type.Array(Type.String()),
  findings: Type.Array(Finding),
  operations: Type.Array(
    Type.Object({
      operation: Type.String(),
      target: Type.String(),
      requests: Type.Integer(),
      statuses: Type.Record(Type.String(), Type.Integer()),
      p50: Type.Optional(Type.Number()),
      p95: Type.Optional(Type.Number()),
    }),
  ),
  notExamined: Type.Array(
    Type.Object({ operation: Type.Optional(Type.String()), target: Type.String(), why: Type.String() }),
  ),
  requests: Type.Integer(),
  startedAt: Type.String(),
  durationMs: Type.Number(),
});
