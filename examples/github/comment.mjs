// Writes a file as the one comment of this workflow on a pull request: a later run replaces the comment of an earlier one.
// Usage: node comment.mjs FILE, with GITHUB_TOKEN, GITHUB_REPOSITORY, PULL_REQUEST, and GITHUB_API_URL of the runner.
import { readFileSync } from 'node:fs';

const MARKER = '<!-- lightsail-retention compare -->';
/** The author of comments that are made with the token of a workflow. */
const AUTHOR = 'github-actions[bot]';
/** GitHub refuses a comment of more characters than 65,536. */
const MAX_CHARACTERS = 60_000;
const MAX_PAGES = 100;

const { GITHUB_API_URL = 'https://api.github.com', GITHUB_REPOSITORY, GITHUB_TOKEN, PULL_REQUEST } = process.env;
const comments = `${GITHUB_API_URL}/repos/${GITHUB_REPOSITORY}/issues`;

async function call(method, url, body) {
  const response = await fetch(url, {
    method,
    headers: { accept: 'application/vnd.github+json', authorization: `Bearer ${GITHUB_TOKEN}` },
    ...(body !== undefined && { body: JSON.stringify({ body }) }),
    signal: AbortSignal.timeout(30_000),
  });
  if (!response.ok) throw new Error(`${method} ${url} answered ${response.status}: expected a status of 2xx`);
  return response.json();
}

/** The comment of an earlier run, by author and marker: anybody may write the marker. */
async function earlierComment() {
  for (let page = 1; page <= MAX_PAGES; page++) {
    const found = await call('GET', `${comments}/${PULL_REQUEST}/comments?per_page=100&page=${page}`);
    const own = found.find(({ user, body }) => user?.login === AUTHOR && body?.startsWith(MARKER));
    if (own !== undefined || found.length < 100) return own;
  }
  return undefined;
}

/** The text up to the last whole line that fits. */
function shortened(text) {
  if (text.length <= MAX_CHARACTERS) return text;
  const kept = text.slice(0, text.lastIndexOf('\n', MAX_CHARACTERS) + 1);
  return `${kept}\nThe rest does not fit in a comment. The summary of the check has more.\n`;
}

try {
  const text = `${MARKER}\n${shortened(readFileSync(process.argv[2] ?? 'comment.md', 'utf8'))}`;
  const earlier = await earlierComment();
  if (earlier === undefined) await call('POST', `${comments}/${PULL_REQUEST}/comments`, text);
  else await call('PATCH', `${comments}/comments/${earlier.id}`, text);
} catch (error) {
  process.stderr.write(`cannot comment on the pull request: ${error.message}\n`);
  process.exitCode = 1;
}
