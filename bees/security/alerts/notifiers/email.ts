import { isIP } from 'node:net'
import { createTransport } from 'nodemailer'
import { z } from '../../../../src/bee/index.ts'
import { dead, retryLater, type SendOutcome, sent } from '../outcome.ts'
import type { EmailReceiver } from '../receivers/receiver.ts'
import { AddressRefused, allowedAddresses } from '../wire/allowed-address.ts'
import { isTlsError, orAborted } from '../wire/post.ts'
import { mailText } from './mail-text.ts'
import type { Notifier, Sending } from './notifier.ts'

const taken = z.object({ accepted: z.array(z.unknown()).min(1) })
const failure = z.object({ code: z.string().optional(), responseCode: z.int().optional() })

/**
 * A mail by SMTP, to an address that has been checked, with TLS unless the receiver says `none`: 1.2 or better, a certificate
 * for the name, and no word of the login or the message before it. The message id is the delivery's, so that a repeat can be
 * told from news.
 */
export const sendEmail: Notifier<EmailReceiver> = async (receiver, message, sending) => {
  const { signal } = sending
  if (signal.aborted) return retryLater('timeout', null)
  try {
    const [to] = await orAborted(allowedAddresses(receiver.host, sending.allowPrivate, sending.lookup), signal)
    if (to === undefined) return retryLater('unknown_host', null)
    const transport = createTransport(transportOptions(receiver, to.address))
    const { text, subject, messageId, references } = mailText(message, receiver)
    const info: unknown = await orAborted(
      transport.sendMail({
        ...{ from: receiver.from, to: [...receiver.to], subject, text, messageId, references, signal },
        headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
        disableFileAccess: true,
        disableUrlAccess: true,
        ...(message.severity === 'critical' ? { priority: 'high' as const } : {}),
      }),
      signal,
    )
    return taken.safeParse(info).success ? sent(null) : retryLater('odd_answer', null)
  } catch (thrown) {
    return judge(thrown, sending)
  }
}

function transportOptions(receiver: EmailReceiver, address: string) {
  const { host, port, user, password, ca, timeout_ms: timeoutMs } = receiver
  const tls = receiver.tls ?? (port === 465 ? 'implicit' : 'starttls')
  return {
    // Not the name: it has been resolved, and what was checked is what is connected to.
    host: address,
    port,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    ...(user === undefined || password === undefined ? {} : { auth: { user, pass: password } }),
    tls: {
      minVersion: 'TLSv1.2' as const,
      rejectUnauthorized: true,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(ca === undefined ? {} : { ca }),
    },
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    logger: false,
    debug: false,
  }
}

/** SMTP's 4xx may pass, its 5xx will not. Their texts stay here. */
function judge(thrown: unknown, { signal }: Sending): SendOutcome {
  if (thrown instanceof AddressRefused) return retryLater(thrown.problem, null)
  if (signal.aborted) return retryLater('timeout', null)
  const { code, responseCode: status = null } = failure.safeParse(thrown).data ?? {}
  if (code === 'EAUTH' || code === 'ENOAUTH') return dead('login', status)
  if (code === 'ETLS' || isTlsError(thrown)) return retryLater('tls', status)
  if (status !== null && status >= 500) return dead('refused', status)
  if (status !== null && status >= 400) return retryLater('unwell', status)
  return retryLater(code === 'ETIMEDOUT' ? 'timeout' : 'unreachable', status)
}
