import { dirname, join } from 'node:path';
import type { OtherTarget } from '../config/other-target.ts';
import type { Target } from '../target.ts';

/** Where the journals of a system are: in the state directory of a Holdfast, beside the configuration of any other. */
export function stateDirectoryOf(target: Target | OtherTarget): string {
  return 'kind' in target ? join(dirname(target.path), '.holdfast') : target.home;
}
