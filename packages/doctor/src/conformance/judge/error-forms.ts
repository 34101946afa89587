import { isObject } from '../document/json-value.ts';
import { type ApiAnswer, jsonOf } from '../http/exchange.ts';
import type { Verdict } from '../report/collect-findings.ts';
import { isHtml } from './judge-answer.ts';

/** One answer that tells of an error, and whether the document describes it. */
export interface ErrorAnswer {
  readonly operation: string | undefined;
  readonly answer: ApiAnswer;
  /** Then its schema has judged it. */
  readonly described: boolean;
}

export interface ErrorOutlier {
  readonly verdict: Verdict;
  readonly error: ErrorAnswer;
}

/**
 * Errors that have another form than what the document describes, or than most of the others. A page is one in any case
 * where `isJson`: an API whose document speaks of JSON.
 */
export function findOutliers(errors: readonly ErrorAnswer[], isJson: boolean): ErrorOutlier[] {
  const withBody = errors.filter(({ answer }) => answer.text !== '' && answer.request.method !== 'HEAD');
  const undescribed = withBody.filter(({ described }) => !described);
  const pages = isJson ? undescribed.filter(({ answer }) => isHtml(answer)) : [];
  const usual = usualForm(withBody.filter(error => !pages.includes(error)));
  const others = undescribed.filter(error => !pages.includes(error));
  return [
    ...pages.map(error => ({ error, verdict: pageVerdict(error.answer) })),
    ...others.flatMap(error =>
      usual === undefined || isAlike(formOf(error.answer), usual)
        ? []
        : [{ error, verdict: outlierVerdict(error.answer, usual) }],
    ),
  ];
}

function pageVerdict({ status }: ApiAnswer): Verdict {
  return { kind: 'html_for_json', summary: `answered ${status} with an HTML page` };
}

function outlierVerdict(answer: ApiAnswer, usual: Form): Verdict {
  const own = formOf(answer);
  const difference =
    own.mediaType === usual.mediaType
      ? `an object of ${own.keys.join(', ') || 'nothing'}`
      : own.mediaType || 'no type';
  return {
    kind: 'error_format',
    summary: `answered ${answer.status} with ${difference}; other errors are ${usual.mediaType} with ${usual.keys.join(', ')}`,
  };
}

interface Form {
  readonly mediaType: string;
  readonly keys: readonly string[];
}

function formOf(answer: ApiAnswer): Form {
  const body = jsonOf(answer);
  return { mediaType: answer.mediaType, keys: isObject(body) ? Object.keys(body).toSorted() : [] };
}

/** The form of the errors that the document describes, else of most; undefined when there is nothing to compare with. */
function usualForm(errors: readonly ErrorAnswer[]): Form | undefined {
  const described = errors.filter(error => error.described);
  const forms = (described.length > 0 ? described : errors).map(({ answer }) => formOf(answer));
  const groups = Map.groupBy(forms, ({ mediaType }) => mediaType);
  const [largest] = [...groups.values()].toSorted((a, b) => b.length - a.length);
  const [first] = largest ?? [];
  if (largest === undefined || first === undefined) return undefined;
  const common = first.keys.filter(key => largest.every(({ keys }) => keys.includes(key)));
  return { mediaType: first.mediaType, keys: common };
}

function isAlike(form: Form, usual: Form): boolean {
  return form.mediaType === usual.mediaType && usual.keys.every(key => form.keys.includes(key));
}
