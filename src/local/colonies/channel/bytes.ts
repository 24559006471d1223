import { type Decoder, integer, text } from '../decode.ts'
import { malformed } from '../refusal.ts'

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** Bytes as Go reads them: base64 text (line breaks skipped) or an array of numbers. Gives base64; missing is null. */
export const bytes: Decoder<string | null> = (value, path) => {
  if (value === undefined || value === null) return null
  if (Array.isArray(value)) {
    const numbers = value.map((item) => integer(item, `${path}[]`))
    if (numbers.some((number) => number < 0 || number > 255)) throw malformed(`field ${path} must hold bytes`)
    return Buffer.from(numbers).toString('base64')
  }
  const joined = text(value, path).replace(/[\r\n]/g, '')
  if (!base64.test(joined)) throw malformed(`field ${path} must be base64`)
  return joined
}
