import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { type BundledConfiguration, stageFunction, writeConfiguration } from '../lambda/stage-function';
import type { HandlerName } from '../scripts/bundle';

/** Puts a function's bundle and its configuration into a folder: the bundle of the published package, or one built from this source tree. */
function assemble(name: HandlerName, configuration: BundledConfiguration, outDir: string): void {
  const prebuilt = join(__dirname, '..', 'lambda', name);
  if (existsSync(join(prebuilt, 'index.js'))) {
    stageFunction(prebuilt, configuration, outDir);
    return;
  }
  // Loaded here and not above: who installs the package has no bundler.
  const { bundleHandler } = require('../scripts/bundle') as typeof import('../scripts/bundle');
  bundleHandler(name, outDir);
  writeConfiguration(outDir, configuration);
}

/** The code of a function with its configuration beside it, never built in a container. */
export function functionCode(name: HandlerName, configuration: BundledConfiguration): Code {
  return Code.fromAsset(join(__dirname, '..', 'lambda'), {
    // The hash is that of what is uploaded: the same sources and configuration are the same asset, wherever it was built.
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Demanded by the type, never asked for: what is below either succeeds or throws.
      image: DockerImage.fromRegistry('none'),
      // CDK takes equal options for the same asset: two constructs of one app may differ in their configuration alone.
      environment: { BUNDLE: JSON.stringify([name, configuration]) },
      local: {
        tryBundle(outputDir) {
          assemble(name, configuration, outputDir);
          return true;
        },
      },
    },
  });
}
