import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, buildSync } from 'esbuild';
import { type PolicyText, playgroundPage } from '../cli/playground/page';
import { BROWSERS, hashOf } from './build-page';
import { noticesOf, thirdParties } from './third-party';

const PLAYGROUND_ROOT = join(__dirname, '..');
const PLAYGROUND_SOURCES = join(PLAYGROUND_ROOT, 'cli', 'playground');

/** The policies of `examples/` that the page offers, by file. */
const EXAMPLE_FILES = { Blog: 'blog.yaml', Agency: 'agency.yaml', Compliance: 'compliance.yaml' } as const;

/** A file without the comment about itself at its top. */
const withoutHead = (text: string): string => text.replace(/^(?:#.*\n)+/, '');

const examplePolicies = (): readonly PolicyText[] =>
  Object.entries(EXAMPLE_FILES).map(([name, file]) => ({
    name,
    text: withoutHead(readFileSync(join(PLAYGROUND_ROOT, 'examples', file), 'utf8')),
  }));

function bundleFor(entry: string, more: BuildOptions = {}) {
  const { outputFiles, metafile } = buildSync({
    absWorkingDir: PLAYGROUND_ROOT,
    entryPoints: [join(PLAYGROUND_SOURCES, entry)],
    bundle: true,
    minify: true,
    charset: 'ascii',
    target: BROWSERS,
    write: false,
    metafile: true,
    preserveSymlinks: true,
    logLevel: 'silent',
    ...more,
  });
  return { text: outputFiles?.[0]?.text.trim() ?? '', inputs: Object.keys(metafile?.inputs ?? {}) };
}

/**
 * Builds the playground as one page, with the files that it was made of, relative to the project. The same sources give
 * the same bytes.
 */
export function buildPlayground(): { readonly html: string; readonly inputs: readonly string[] } {
  const script = bundleFor('browser/main.ts', {
    format: 'iife',
    platform: 'browser',
    alias: { 'node:crypto': join(PLAYGROUND_SOURCES, 'browser', 'no-digest.ts') },
  });
  const style = bundleFor('page.css');
  const html = playgroundPage({
    script: script.text,
    scriptHash: hashOf(script.text),
    style: style.text,
    styleHash: hashOf(style.text),
    notices: noticesOf(thirdParties(script.inputs), 'This page'),
    examples: examplePolicies(),
  });
  return { html, inputs: script.inputs };
}
