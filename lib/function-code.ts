import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { type BundledConfiguration, type FunctionName, stageFunction } from '../lambda/runtime/stage-function';
import { functionFolder } from './published-files';

/**
 * The code of a function with its configuration beside it: bundled when the package was built, never in a container.
 */
export function functionCode(name: FunctionName, configuration: BundledConfiguration): Code {
  const folder = functionFolder(name);
  return Code.fromAsset(folder, {
    // The hash is that of what is uploaded: the same bundle and configuration are the same asset, wherever the package
    // is.
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Demanded by the type, never asked for: what is below either succeeds or throws.
      image: DockerImage.fromRegistry('none'),
      // CDK takes equal options for the same asset: two constructs of one app may differ in their configuration alone.
      environment: { BUNDLE: JSON.stringify([name, configuration]) },
      local: {
        tryBundle(outputDir) {
          stageFunction(folder, configuration, outputDir);
          return true;
        },
      },
    },
  });
}
