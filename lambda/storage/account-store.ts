import type { Store } from '../ports/ports';
import { accountKey } from './keys';

/**
 * A store in which a report and its plan are those of one account of an organization: its files are in a folder of the
 * account within the folder of the report. Listings are those of the whole store.
 */
export function accountStore(store: Store, account: string): Store {
  const at = (key: string): string => accountKey(key, account);
  return {
    ...store,
    locate: (key) => store.locate(at(key)),
    put: (object) => store.put({ ...object, key: at(object.key) }),
    putIfAbsent: (object) => store.putIfAbsent({ ...object, key: at(object.key) }),
    replaceIf: (object, version) => store.replaceIf({ ...object, key: at(object.key) }, version),
    getVersioned: (key) => store.getVersioned(at(key)),
    get: (key) => store.get(at(key)),
    lines: (key) => store.lines(at(key)),
    fingerprint: (key, version) => store.fingerprint(at(key), version),
    getDated: (key) => store.getDated(at(key)),
    listDated: (prefix) => store.listDated(at(prefix)),
  };
}
