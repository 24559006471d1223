export interface UserAgent {
  readonly family: string
  readonly kind: 'browser' | 'app' | 'script' | 'bot'
}

type Row = readonly [pattern: RegExp, family: string, kind: UserAgent['kind']]

/** First match wins: the most telling first, since browsers name each other. Our own table; families, no versions. */
const table: readonly Row[] = [
  [/sqlmap/i, 'sqlmap', 'script'],
  [/nikto/i, 'nikto', 'script'],
  [/nuclei/i, 'nuclei', 'script'],
  [/\bffuf|fuzz faster/i, 'ffuf', 'script'],
  [/gobuster/i, 'gobuster', 'script'],
  [/dirbuster|dirb\b/i, 'dirbuster', 'script'],
  [/wfuzz/i, 'wfuzz', 'script'],
  [/nmap|masscan/i, 'nmap', 'script'],
  [/zgrab/i, 'zgrab', 'script'],
  [/hydra/i, 'hydra', 'script'],
  [/googlebot/i, 'Googlebot', 'bot'],
  [/bingbot/i, 'bingbot', 'bot'],
  [/gptbot|claudebot|anthropic-ai|perplexitybot|ccbot/i, 'AI crawler', 'bot'],
  [/uptimerobot|pingdom|statuscake|betteruptime|site24x7/i, 'uptime monitor', 'bot'],
  [/bot\b|crawl|spider|slurp|facebookexternalhit|preview/i, 'other bot', 'bot'],
  [/headlesschrome/i, 'HeadlessChrome', 'script'],
  [/phantomjs/i, 'PhantomJS', 'script'],
  [/playwright/i, 'Playwright', 'script'],
  [/puppeteer/i, 'Puppeteer', 'script'],
  [/selenium|webdriver/i, 'Selenium', 'script'],
  [/^curl\//i, 'curl', 'script'],
  [/^wget\//i, 'Wget', 'script'],
  [/python-requests|python-urllib|^python/i, 'Python', 'script'],
  [/aiohttp/i, 'aiohttp', 'script'],
  [/httpx/i, 'httpx', 'script'],
  [/scrapy/i, 'Scrapy', 'script'],
  [/go-http-client/i, 'Go', 'script'],
  [/^java\/|apache-httpclient/i, 'Java', 'script'],
  [/^ruby|faraday/i, 'Ruby', 'script'],
  [/guzzlehttp|^php/i, 'PHP', 'script'],
  [/libwww-perl/i, 'Perl', 'script'],
  [/postmanruntime/i, 'Postman', 'script'],
  [/insomnia/i, 'Insomnia', 'script'],
  [/httpie/i, 'HTTPie', 'script'],
  [/axios/i, 'axios', 'script'],
  [/node-fetch|undici|^node(\.js)?\b/i, 'Node.js', 'script'],
  [/^deno\//i, 'Deno', 'script'],
  [/^bun\//i, 'Bun', 'script'],
  [/okhttp/i, 'okhttp', 'app'],
  [/^dart|flutter/i, 'Dart', 'app'],
  [/expo|react-?native/i, 'React Native', 'app'],
  [/alamofire/i, 'Alamofire', 'app'],
  [/cfnetwork|darwin\//i, 'CFNetwork', 'app'],
  [/electron\//i, 'Electron', 'app'],
  [/edg(e|a|ios)?\//i, 'Edge', 'browser'],
  [/opr\/|opera/i, 'Opera', 'browser'],
  [/samsungbrowser/i, 'Samsung Internet', 'browser'],
  [/vivaldi/i, 'Vivaldi', 'browser'],
  [/firefox|fxios/i, 'Firefox', 'browser'],
  [/chrome|crios|chromium/i, 'Chrome', 'browser'],
  [/safari\//i, 'Safari', 'browser'],
]

const longest = 512

/** Family and kind of a user agent; undefined without one. What is in no table is a script: browsers are. */
export function userAgentOf(text: string): UserAgent | undefined {
  const agent = text.trim().slice(0, longest)
  if (agent === '' || agent === '-') return undefined
  const row = table.find(([pattern]) => pattern.test(agent))
  return row === undefined ? { family: 'other', kind: 'script' } : { family: row[1], kind: row[2] }
}

/** What of a user agent tells one device from another and outlives an update: everything but the versions. */
export function deviceOf(text: string): string | undefined {
  const agent = text.trim().slice(0, longest)
  return agent === '' || agent === '-' ? undefined : agent.replace(/\d+([._]\d+)*/g, '#')
}
