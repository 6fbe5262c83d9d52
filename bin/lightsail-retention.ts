import { run } from '../cli/program';
import { version } from '../package.json';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

void run(process.argv.slice(2), { out: process.stdout, err: process.stderr, env: process.env }, version).then((code) => {
  process.exitCode = code;
});
