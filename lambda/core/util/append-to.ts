/** Appends an item to the list of a key, and returns that list. */
export function appendTo<Item>(lists: Map<string, Item[]>, key: string, item: Item): Item[] {
  const list = lists.get(key);
  if (list === undefined) {
    const created = [item];
    lists.set(key, created);
    return created;
  }
  list.push(item);
  return list;
}
