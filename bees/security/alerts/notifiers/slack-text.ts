import type { Json } from '../../../../src/bee/index.ts'
import type { Message } from '../message.ts'
import { plain } from './plain.ts'
import { entityText, figures, headline, newsText } from './summary.ts'

/**
 * A text that Slack shows as it is: its three control characters are escaped, so that no `<!channel>`, `<@U…>` or
 * `<https://…|bank>` comes out of what an attacker typed.
 */
export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** Slack takes no more blocks than 50 and no more characters in one than 3000; a message that is read has fewer. */
const shownIncidents = 8

/** All that comes from events stands in `plain_text`, where Slack looks for no markup at all. */
const section = (text: string): Json => ({ type: 'section', text: { type: 'plain_text', text, emoji: false } })
const context = (text: string): Json => ({ type: 'context', elements: [{ type: 'plain_text', text, emoji: false }] })

/** The parts of a message that both of Slack's ways in understand. */
export function slackContent(message: Message): { readonly [key: string]: Json } {
  const { incidents, more, notification, id } = message
  const shown = incidents.slice(0, shownIncidents)
  const hidden = incidents.length - shown.length + more
  return {
    // For notifications and screen readers; formatted as text is, so it is escaped.
    text: escaped(headline(message)),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: headline(message, 150), emoji: false } },
      ...shown.flatMap((one) => [
        section(plain(`${newsText(one)} [${one.severity}] ${one.title} (${entityText(one)})`, 500)),
        ...(one.explanation === '' ? [] : [section(plain(one.explanation, 1500))]),
        context(`${figures(one)}; ${plain(one.incident, 40)}`),
      ]),
      ...(hidden > 0 ? [context(`and ${hidden} more`)] : []),
      context(`tenant ${plain(message.tenant, 64)}; ${notification}; ${id}`),
    ],
    parse: 'none',
    link_names: false,
    mrkdwn: false,
    unfurl_links: false,
    unfurl_media: false,
  }
}
