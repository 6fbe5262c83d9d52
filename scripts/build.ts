import { join } from 'node:path';
import { bundleCommandLine, bundleHandlers, commandLineEntry } from './bundle';

const dist = join(__dirname, '..', 'dist');
bundleHandlers(join(dist, 'lambda'));
const entry = commandLineEntry();
if (entry) bundleCommandLine(entry, join(dist, 'lightsail-retention.cjs'));
