import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { emailText, IMAGES, takePictures } from '../../scripts/pictures';
import { type SampleRun, sampleRun } from '../../scripts/sample-run';
import { CHROMIUM } from '../browser/browser';
import { itWith } from '../support/optional';

const readme = readFileSync(join(__dirname, '..', '..', 'README.md'), 'utf8');
const names = readdirSync(IMAGES).filter((name) => name.endsWith('.png'));
const shown = (name: string): string => readFileSync(join(IMAGES, `${name}.txt`), 'utf8');

let run: SampleRun;
beforeAll(async () => {
  run = await sampleRun();
}, 120_000);

describe("README's pictures (npm run pictures takes them again)", () => {
  test.each(names)('%s is shown, with words for who cannot see it, and is small', (name) => {
    expect(readme).toMatch(new RegExp(`!\\[[^\\]]{20,}\\]\\(docs/images/${name}\\)`));
    const png = readFileSync(join(IMAGES, name));
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect(png.readUInt32BE(16)).toBe(1240);
    expect(png.length).toBeLessThan(200_000);
  });

  test('the e-mail is the one that is sent now, to the letter', () => {
    expect(emailText(run)).toBe(shown('email'));
    expect(readme).toContain(`![The e-mail: ${run.subject.replace('[Lightsail] ', '')}, `);
  });

  itWith(CHROMIUM, 'the page is the one that is written now', async () => {
    const { page, timeline } = await takePictures(run);
    expect(page.text).toBe(shown('page'));
    expect(timeline.text).toBe(shown('timeline'));
  });
});
