/** Stored state as numbers and lists, whatever it is: what does not fit is left out. */
export function numberAt(list: unknown, at: number, otherwise = 0): number {
  const value: unknown = Array.isArray(list) ? list[at] : undefined
  return typeof value === 'number' ? value : otherwise
}

export function numbersOf(list: unknown): number[] {
  return Array.isArray(list) ? list.filter((one) => typeof one === 'number') : []
}

export function listsOf(list: unknown): unknown[][] {
  return Array.isArray(list) ? list.filter((one) => Array.isArray(one)) : []
}
