import type { Message } from '../message.ts'
import type { EmailReceiver } from '../receivers/receiver.ts'
import { plain, timeText } from './plain.ts'
import { entityText, figures, headline, newsText } from './summary.ts'

/** A mail as plain text: there is no HTML that could load or hide something. */
export interface MailText {
  readonly subject: string
  readonly text: string
  readonly messageId: string
  /** The thread: every message of one notification answers its first. */
  readonly references: string
}

/** What is put into headers holds no line break and nothing invisible (`plain`); what an attacker typed cannot add a header. */
export function mailText(message: Message, { from }: Pick<EmailReceiver, 'from'>): MailText {
  const domain = from.slice(from.lastIndexOf('@') + 1)
  const isDigest = message.group.by === 'all'
  const count = message.incidents.length + message.more
  return {
    subject: isDigest
      ? plain(
          `[${message.severity}] Security digest of ${message.tenant}: ${count} incidents, ${message.open} open`,
          160,
        )
      : headline(message, 160),
    text: `${[
      ...message.incidents.flatMap((one) => [
        plain(`${newsText(one).toUpperCase()} [${one.severity}] ${one.title}`, 300),
        plain(`  ${entityText(one)}; ${one.incident}`, 400),
        ...(one.explanation === '' ? [] : [`  ${plain(one.explanation, 1500)}`]),
        `  ${figures(one)}`,
        '',
      ]),
      ...(message.more > 0 ? [`And ${message.more} more.`, ''] : []),
      `Tenant ${plain(message.tenant, 64)}, ${timeText(message.at_ms)}, ${message.notification}, ${message.id}.`,
      'What it means and what to do: bees security explain <incident>.',
    ].join('\n')}\n`,
    messageId: `<${message.id}@${domain}>`,
    references: `<${message.notification}@${domain}>`,
  }
}
