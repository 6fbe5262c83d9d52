import { EXIT } from '../cli/exit-codes';
import { run } from '../cli/program';
import { keepHeapLean } from '../lambda/runtime/lean-heap';
import { version } from '../package.json';

keepHeapLean();
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
const args = process.argv.slice(2);
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A deletion continues without a reader, and ends with the code of its outcome.
  if (args[0] === 'apply' && !args.includes('--dry-run')) return;
  // A reader that went away (`| head`) has what it wanted; a full disk has not.
  if (error.code === 'EPIPE') process.exit(0);
  process.stderr.write(
    `error: cannot write to standard output: ${error.message}; make room, or write elsewhere [output.unwritable]\n`,
  );
  process.exit(EXIT.failure);
});
// Progress that nobody can read stops nothing.
process.stderr.on('error', () => undefined);

void run(args, { out: process.stdout, err: process.stderr, env: process.env }, version).then((code) => {
  process.exitCode = code;
});
