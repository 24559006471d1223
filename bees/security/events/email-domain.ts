/**
 * Domains of mailboxes that anybody can open for some minutes. A short list of our own of the ones met most; a rule looks at
 * the share of such domains and does not need each.
 */
const disposable = new Set(
  `10minutemail.com 10minutemail.net 20minutemail.com 33mail.com anonbox.net burnermail.io discard.email discardmail.com
  dispostable.com emailondeck.com fakeinbox.com fakemail.net getairmail.com getnada.com grr.la guerrillamail.com
  guerrillamail.net guerrillamail.org guerrillamailblock.com inboxbear.com inboxkitten.com jetable.org mail-temp.com
  mail.tm mailcatch.com maildrop.cc mailexpire.com mailinator.com mailnesia.com mailnull.com mailpoof.com mailsac.com
  minutemail.com mintemail.com moakt.com mohmal.com mytemp.email nada.email sharklasers.com spam4.me spambog.com
  spamgourmet.com temp-mail.io temp-mail.org tempail.com tempinbox.com tempmail.com tempmail.dev tempmail.net tempmailo.com
  tempr.email throwawaymail.com trashmail.com trashmail.de trashmail.net trbvm.com wegwerfmail.de yopmail.com
  yopmail.fr yopmail.net`.split(/\s+/),
)

export interface EmailFacts {
  readonly email_domain: string
  readonly disposable: boolean
}

/** What is kept of an e-mail address beside its hash: the domain, which belongs to nobody in particular. */
export function emailFactsOf(email: string): EmailFacts | undefined {
  const domain = email
    .slice(email.lastIndexOf('@') + 1)
    .trim()
    .toLowerCase()
    .replace(/\.$/, '')
  if (!email.includes('@') || !/^[a-z0-9.-]{3,253}$/.test(domain) || !domain.includes('.')) return undefined
  const parts = domain.split('.')
  const known = parts.some((_, index) => disposable.has(parts.slice(index).join('.')))
  return { email_domain: domain, disposable: known }
}

/** Country and first digits of a telephone number: +4479. Thousands of people share it. */
export function phonePrefixOf(phone: string): string | undefined {
  const digits = phone.replace(/[^\d+]/g, '')
  return /^\+\d{7,15}$/.test(digits) ? digits.slice(0, 5) : undefined
}
