/** Appends an item to the list of a key, and returns that list. */
export function appendTo<Key, Item>(lists: Map<Key, Item[]>, key: Key, item: Item): Item[] {
  const list = lists.get(key);
  if (list === undefined) {
    const created = [item];
    lists.set(key, created);
    return created;
  }
  list.push(item);
  return list;
}
