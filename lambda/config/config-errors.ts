import { RetentionError } from '../core/util/errors';
import { type ConfigProblem, formatConfigProblems } from './problems';

/** Returns the refusal of configurations that the operator wrote. */
export const invalidConfigs = (
  refused: readonly { readonly errors: readonly ConfigProblem[]; readonly origin: string }[],
): RetentionError =>
  new RetentionError(
    'config.invalid',
    [
      `cannot use the configuration${refused.length > 1 ? 's' : ''}`,
      ...refused.map(({ errors, origin }) => formatConfigProblems(errors, origin)),
    ].join('\n'),
  );

/** Returns the refusal of a configuration that the operator wrote. */
export const invalidConfig = (errors: readonly ConfigProblem[], origin: string): RetentionError =>
  invalidConfigs([{ errors, origin }]);

/** Returns the failure of a configuration that this program brings. */
export const brokenConfig = (problems: readonly ConfigProblem[], origin: string): RetentionError =>
  new RetentionError('bug.config', formatConfigProblems(problems, origin));
