import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

const PAGE_FOLDER = join(__dirname, '..', 'lambda', 'render', 'page');

/** The generated file: the page's script and style as texts, with the hashes by which its policy lets them through. */
export const PAGE_ASSETS = join(PAGE_FOLDER, 'assets.ts');

/** Browsers of the last few years. */
export const BROWSERS = ['es2022', 'chrome111', 'firefox113', 'safari16.4'];

function bundled(entry: string): string {
  const { outputFiles } = buildSync({
    absWorkingDir: PAGE_FOLDER,
    entryPoints: [join(PAGE_FOLDER, entry)],
    bundle: true,
    minify: true,
    charset: 'ascii',
    format: 'iife',
    target: BROWSERS,
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]?.text.trim() ?? '';
}

/** The hash of a script or style by which a content security policy lets it through. */
export const hashOf = (text: string): string => `sha256-${createHash('sha256').update(text).digest('base64')}`;

/** What PAGE_ASSETS should hold. The same sources give the same bytes. */
export function buildPage(): string {
  const assets = { SCRIPT: bundled('browser/main.ts'), STYLE: bundled('page.css') };
  const constants = Object.entries(assets).flatMap(([name, text]) => [
    `export const PAGE_${name} = ${JSON.stringify(text)};`,
    `export const PAGE_${name}_HASH = '${hashOf(text)}';`,
  ]);
  return `// Generated from browser/ and page.css by \`npm run page\`; a test fails when it is stale.\n${constants.join('\n')}\n`;
}
