/**
 * Whether a parsed reply holds all that was on the wire. Allowed: null lists as empty ones, unset times as null, wide
 * integers as bigints, base64 as bytes; nothing else may differ or be missing.
 * @returns the places that differ.
 */
export const lostPlaces = (wire: unknown, parsed: unknown, path = ''): readonly string[] => {
  if (wire === null) return isEmpty(parsed) ? [] : [`${path}: null became ${String(parsed)}`]
  if (Array.isArray(wire)) {
    if (!Array.isArray(parsed) || parsed.length !== wire.length) return [`${path}: list`]
    return wire.flatMap((item, index) => lostPlaces(item, parsed[index], `${path}[${index}]`))
  }
  if (typeof wire === 'object') {
    if (parsed === undefined) return Object.keys(wire).length === 0 ? [] : [`${path}: object dropped`]
    if (typeof parsed !== 'object' || parsed === null) return [`${path}: object`]
    return Object.entries(wire).flatMap(([key, item]) =>
      // The type of the message is the envelope's business.
      key === 'msgtype' ? [] : lostPlaces(item, Reflect.get(parsed, key), `${path}.${key}`),
    )
  }
  if (parsed instanceof Uint8Array) return Buffer.from(parsed).toString('base64') === wire ? [] : [`${path}: bytes`]
  if (typeof wire === 'string' && /^000[01]-/.test(wire)) return parsed === null ? [] : [`${path}: unset time`]
  if (typeof parsed === 'bigint') return parsed.toString() === String(wire) ? [] : [`${path}: integer`]
  return Object.is(wire, parsed) ? [] : [`${path}: ${typeof wire} became ${typeof parsed}`]
}

const isEmpty = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  (Array.isArray(value) && value.length === 0) ||
  (typeof value === 'object' && Object.keys(value).length === 0)
