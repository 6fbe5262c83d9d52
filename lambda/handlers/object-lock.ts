import type { LockOf } from '../aws/s3-store';
import { DAY_MS } from '../core/time/units';
import type { Clock } from '../ports/ports';
import type { ObjectLockSetting } from '../runtime/env';
import { LOCKED_FOLDERS } from '../storage/keys';

/** Returns the lock of each object in the folders that Object Lock covers; none where it is not switched on. */
export const lockRecorded =
  (setting: ObjectLockSetting | undefined, clock: Clock): LockOf =>
  (key) =>
    setting !== undefined && LOCKED_FOLDERS.some((folder) => key.startsWith(folder))
      ? { mode: setting.mode, until: clock() + setting.days * DAY_MS }
      : null;
