export type Shape = 'old' | 'new'

export const shapes: readonly Shape[] = ['old', 'new']
export const canary = 'canary.person@example.org'
/** 2026-01-01T00:00:00Z, seconds since 1970. */
export const epochS = 1_767_225_600
export const dayS = 86_400

export const versions: Readonly<Record<Shape, string>> = { old: '2024-11-20.acacia', new: '2026-10-28.endive' }
const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789'
let serial = 0

/** An id like Stripe's, different for each call and equal in every run. */
export function stripeId(prefix: string): string {
  serial += 1
  let rest = serial * 7919
  let tail = ''
  for (let i = 0; i < 6; i += 1) {
    tail += letters[rest % letters.length]
    rest = Math.floor(rest / letters.length) + serial * 31 + i
  }
  return `${prefix}_1TgBee${String(serial).padStart(6, '0')}${tail}`
}
