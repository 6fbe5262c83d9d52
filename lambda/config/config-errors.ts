import { RetentionError } from '../core/util/errors';
import { type ConfigProblem, formatConfigProblems } from './problems';

/** Returns the refusal of a configuration that the operator wrote. */
export const invalidConfig = (problems: readonly ConfigProblem[], origin: string): RetentionError =>
  new RetentionError('config.invalid', `cannot use the configuration\n${formatConfigProblems(problems, origin)}`);

/** Returns the failure of a configuration that this program brings. */
export const brokenConfig = (problems: readonly ConfigProblem[], origin: string): RetentionError =>
  new RetentionError('bug.config', formatConfigProblems(problems, origin));
