import { join } from 'node:path';
import { bundleHandlers } from './bundle';

/**
 * Builds the functions that the app deploys. `cdk` runs it before the app (cdk.json), so that it deploys these sources
 * and no earlier ones.
 */
if (require.main === module) bundleHandlers(join(__dirname, '..', 'dist', 'lambda'));
