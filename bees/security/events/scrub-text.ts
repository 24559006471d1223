import type { Pseudonymiser } from './pseudonym.ts'

const email = /[^\s@/:;,<>"']{1,64}@[^\s@/:;,<>"']{1,253}/
const phone = /^\+?\d[\d\s().-]{7,18}\d$/
const token =
  /eyJ[A-Za-z0-9_-]{8,}|\b(?:sb_secret|sb_publishable|sbp|sk|rk|whsec|ghp|xox[a-z])_[A-Za-z0-9_-]{8,}|bearer\s/i

/** Ids of users and sessions; some happen to have a card number's digits, and as hashes they could not be acted upon. */
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** What must not be kept as it is: an e-mail address, a telephone number, a card's number, a token or key. */
export function isPersonal(text: string): boolean {
  if (uuid.test(text)) return false
  return email.test(text) || token.test(text) || isCardNumber(text) || (phone.test(text) && /^\+|[\s()-]/.test(text))
}

/** The text itself where it may be kept, else its hash. */
export function scrubText(text: string, pseudonyms: Pseudonymiser): string {
  return isPersonal(text) ? pseudonyms.of('text', text.trim().toLowerCase()) : text
}

/** 14 to 19 digits, perhaps in groups, whose check digit is right. */
function isCardNumber(text: string): boolean {
  const found = /(?:^|[^0-9A-Za-z])((?:\d[ -]?){13,18}\d)(?![0-9A-Za-z])/.exec(text)
  const digits = found?.[1]?.replace(/[ -]/g, '')
  if (digits === undefined || /^0+$/.test(digits)) return false
  let sum = 0
  for (let index = 0; index < digits.length; index += 1) {
    const digit = Number(digits[digits.length - 1 - index])
    const counted = index % 2 === 0 ? digit : digit * 2
    sum += counted > 9 ? counted - 9 : counted
  }
  return sum % 10 === 0
}
