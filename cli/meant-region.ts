import { closest } from '../lambda/config/closest';
import { REGION } from '../lambda/core/snapshot/region';
import { REGION_NAMES } from '../lambda/render/region-names';

/**
 * The region that a text which is none may mean: the first name in it in lower case, or a region of a near name; null:
 * none.
 */
export function regionMeantBy(text: string): string | null {
  const [first = ''] = text
    .toLowerCase()
    .split(/[\s,;]+/)
    .filter((word) => word !== '');
  return REGION.test(first) ? first : closest(first, REGION_NAMES);
}
