import { RetentionError } from '../lambda/core/util/errors';

/**
 * A page with the text between its markers `<!-- NAME: begin -->` and `<!-- NAME: end -->` replaced. Throws
 * `docs.markers` where one is missing.
 */
export function withSection(page: string, name: string, section: string): string {
  const [first, last] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const [begin, end] = [page.indexOf(first), page.indexOf(last)];
  if (begin < 0 || end < begin)
    throw new RetentionError(
      'docs.markers',
      `the page has no markers ${first} and ${last}; add them where the section belongs`,
    );
  return `${page.slice(0, begin + first.length)}\n\n${section}\n${page.slice(end)}`;
}
