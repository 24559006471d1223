import { badParameter } from './errors.ts'

/** The parameters of a request, each checked when it is taken; what nobody took is refused at the end. */
export interface Query {
  text(name: string): string | undefined
  /** @throws StripeApiError 400 for anything else than a whole number of the range */
  integer(name: string, least: number, most: number): number | undefined
  boolean(name: string): boolean | undefined
  /** `name[]=..` or `name[0]=..`. */
  list(name: string): readonly string[]
  /** `created=..` or `created[gt|gte|lt|lte]=..`: whether a moment (seconds) is inside. */
  created(): (seconds: number) => boolean
  /** @throws StripeApiError 400 parameter_unknown */
  done(): void
}

const wholeNumber = /^\d{1,15}$/

export function readQuery(search: URLSearchParams): Query {
  const left = new Set(search.keys())
  const text = (name: string): string | undefined => {
    left.delete(name)
    const values = search.getAll(name)
    if (values.length > 1) throw badParameter(name, `Received ${name} twice.`)
    return values[0]
  }
  const integer = (name: string, least: number, most: number): number | undefined => {
    const value = text(name)
    if (value === undefined) return undefined
    const number = wholeNumber.test(value) ? Number(value) : Number.NaN
    if (!(number >= least && number <= most)) {
      throw badParameter(name, `Invalid integer: ${value}; expected ${least} to ${most}.`, 'parameter_invalid_integer')
    }
    return number
  }
  return {
    text,
    integer,
    boolean: (name) => {
      const value = text(name)
      if (value === undefined || value === 'true' || value === 'false')
        return value === undefined ? value : value === 'true'
      throw badParameter(name, `Invalid boolean: ${value}.`)
    },
    list: (name) => {
      const mine = [...left].filter((key) => key.startsWith(name) && /^\[\d*\]$/.test(key.slice(name.length)))
      for (const key of mine) left.delete(key)
      return mine.flatMap((key) => search.getAll(key))
    },
    created: () => {
      const most = 99_999_999_999
      const [exact, gt, gte, lt, lte] = ['created', 'created[gt]', 'created[gte]', 'created[lt]', 'created[lte]'].map(
        (name) => integer(name, 0, most),
      )
      return (seconds) =>
        (exact === undefined || seconds === exact) &&
        (gt === undefined || seconds > gt) &&
        (gte === undefined || seconds >= gte) &&
        (lt === undefined || seconds < lt) &&
        (lte === undefined || seconds <= lte)
    },
    done: () => {
      for (const name of left) {
        throw badParameter(name, `Received unknown parameter: ${name}`, 'parameter_unknown')
      }
    },
  }
}
