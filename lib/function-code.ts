import { join } from 'node:path';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { type BundledConfiguration, writeConfiguration } from '../lambda/stage-function';
import { bundleHandler, type HandlerName } from '../scripts/bundle';

/** The code of a function with its configuration beside it, built by the esbuild that is installed here: never in a container. */
export function functionCode(name: HandlerName, configuration: BundledConfiguration): Code {
  return Code.fromAsset(join(__dirname, '..', 'lambda'), {
    // The hash is that of what is uploaded: the same sources and configuration are the same asset, wherever it was built.
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Demanded by the type, never asked for: the local build either succeeds or throws.
      image: DockerImage.fromRegistry('none'),
      // CDK takes equal options for the same asset: two constructs of one app may differ in their configuration alone.
      environment: { BUNDLE: JSON.stringify([name, configuration]) },
      local: {
        tryBundle(outputDir) {
          bundleHandler(name, outputDir);
          writeConfiguration(outputDir, configuration);
          return true;
        },
      },
    },
  });
}
