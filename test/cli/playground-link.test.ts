import * as fc from 'fast-check';
import { linkFragment, MAX_LINK_BYTES, readFragment } from '../../cli/playground/link';
import { readTags } from '../../cli/playground/settings';
import { readConfigText } from '../../lambda/config/parse-yaml';

const refusal = (fragment: string): string | null => {
  const link = readFragment(fragment);
  return link.state === 'refused' ? link.why : null;
};

describe('the link of the playground', () => {
  it('gives back every policy of up to 8 KB', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const fragment = linkFragment(text) ?? '';
        expect(fragment).toMatch(/^#policy=[\w-]*$/);
        expect(readFragment(fragment)).toEqual({ state: 'policy', text: text.replace(/^\ufeff/, '') });
      }),
    );
    const largest = 'x'.repeat(MAX_LINK_BYTES);
    expect(readFragment(linkFragment(largest) ?? '')).toEqual({ state: 'policy', text: largest });
    expect(linkFragment(`${largest}x`)).toBeNull();
    expect(linkFragment('€'.repeat(MAX_LINK_BYTES / 2))).toBeNull();
  });

  it('is refused where it is too large, damaged or something else', () => {
    expect(refusal(`#policy=${'A'.repeat(11_000)}`)).toBe('its policy is larger than 8 KB');
    expect(refusal('#policy=a%20b')).toBe('its policy is damaged');
    expect(refusal('#policy=_w')).toBe('its policy is damaged');
    expect(refusal('#policy=A')).toBe('its policy is damaged');
    expect(refusal('#every=1h')).toBe('it does not hold a policy');
    expect(readFragment('#')).toEqual({ state: 'none' });
    fc.assert(
      fc.property(fc.string(), (text) => ['none', 'policy', 'refused'].includes(readFragment(`#${text}`).state)),
    );
  });
});

describe('the settings of the playground', () => {
  it('have tags with and without a value', () => {
    expect([...readTags(' env=prod, retention:hold ,, a = b=c ')]).toEqual([
      ['env', 'prod'],
      ['retention:hold', null],
      ['a', 'b=c'],
    ]);
  });
});

it('reads a text with no more aliases than it was asked to', () => {
  const uses = Array.from({ length: 150 }, (_, i) => `  p${i}: *p\n`).join('');
  const text = `version: 1\npolicies:\n  p: &p { keep: { last: 1 } }\n${uses}default: p\n`;
  expect(readConfigText(text, 'f').ok).toBe(true);
  const limited = readConfigText(text, 'f', 100);
  expect(limited.ok || limited.errors[0]?.got).toBe('aliases that repeat what they stand for too often');
});
