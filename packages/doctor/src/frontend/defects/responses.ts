import type { FrontendFinding } from '../frontend-map.ts';
import type { Frame, Site } from '../read/module-facts.ts';
import type { SyntaxNode } from '../read/syntax.ts';
import { isUnset } from './base-urls.ts';
import { finding, type Inspect, sourceOf } from './inspection.ts';

const LOOKED_AT = /\.ok\b|\.status\b|content-type|\bok\s*[,}]|\bstatus\s*[,}]/i;
/** A function that the response is handed to before it is read. */
const HANDED_ON = /(?:check|assert|ensure|validate|raise|throw|handle|expect)\w*\s*[(),]/i;

/** fetch resolves for a 500, too: what is read then is the error, or a page that is no JSON. */
export const uncheckedResponse: Inspect = ({ records, settings }) => {
  const fetches = records.filter(({ request }) => request.library === 'fetch');
  return [...Map.groupBy(fetches, ({ origin }) => origin)].flatMap(([origin, own]): FrontendFinding[] => {
    if (!isReadUnchecked(origin) || own.every(record => isUnset(record, settings.variables))) return [];
    return [
      finding(
        'unchecked_response',
        origin.module,
        origin.node,
        'The answer is read as JSON whatever its status: a failed request becomes data without what is expected in it, or a SyntaxError.',
        'Check response.ok before response.json(), and throw an error that has the status.',
      ),
    ];
  });
};

function isReadUnchecked({ fn, frame, module }: Site): boolean {
  const text = sourceOf(module, fn?.node ?? outermostOf(frame));
  return /\.json\(\)/.test(text) && !LOOKED_AT.test(text) && !HANDED_ON.test(text);
}

function outermostOf(frame: Frame): SyntaxNode {
  return frame.parent === undefined ? frame.node : outermostOf(frame.parent);
}
