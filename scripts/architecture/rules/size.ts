import { allFiles, isTestFile, type Rule, type Violation } from '../project.ts';

export const FILE_LINES = 400;
export const FUNCTION_LINES = 60;

/** Files and functions stay short enough to be read at once. Tests are free of the limits. */
export const size: Rule = project =>
  allFiles(project)
    .filter(file => !isTestFile(file.path))
    .flatMap(({ path, lines, functions }) => {
      const violations: Violation[] = functions
        .filter(span => span.lines > FUNCTION_LINES)
        .map(span => ({
          rule: 'size',
          path,
          line: span.line,
          message: `${span.name} has ${span.lines} lines; the limit is ${FUNCTION_LINES}`,
        }));
      if (lines > FILE_LINES) {
        violations.push({ rule: 'size', path, message: `${lines} lines; the limit is ${FILE_LINES}` });
      }
      return violations;
    });
