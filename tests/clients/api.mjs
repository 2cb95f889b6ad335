// What the JavaScript client shows to its users, found by asking it, and each of it used once.
// Reads `{patience, job: {key, host, person, endpoint, privateKey}}`, prints what was found and what
// came of it.
import { text } from 'node:stream/consumers'
import * as exported from '@segment/analytics-node'

const { Analytics, Context, FetchHTTPClient } = exported
const { patience, job } = JSON.parse(await text(process.stdin))
const { key, host, person, endpoint, privateKey } = job

function publicNames(object) {
  const names = new Set(Object.keys(object))
  let prototype = Object.getPrototypeOf(object)
  for (; prototype !== Object.prototype; prototype = Object.getPrototypeOf(prototype)) {
    Object.getOwnPropertyNames(prototype).forEach((name) => names.add(name))
  }
  return [...names].filter((name) => !name.startsWith('_') && name !== 'constructor').sort()
}

const settings = { writeKey: key, host, flushInterval: 50, httpRequestTimeout: patience, maxRetries: 1 }
const interop = ['__esModule', 'module.exports']
const exports = Object.keys(exported).filter((name) => !interop.includes(name))
const found = { exports: exports.sort(), version: new Analytics(settings).VERSION }
const noted = []

// The emitter: on, once, off and emit.
const analytics = new Analytics(settings)
found.members = publicNames(analytics)
const never = () => noted.push('off did not hold')
analytics.on('track', never).off('track', never)
analytics.on('track', (context) => noted.push(`track ${context.event.messageId}`))
analytics.once('drained', () => noted.push('drained'))
analytics.once('own', (what) => noted.push(what)).emit('own', 'emitted').emit('own', 'twice')
analytics.on('register', (names) => noted.push(`register ${names}`))
analytics.on('deregister', (names) => noted.push(`deregister ${names}`))
analytics.on('call_after_close', (event) => noted.push(`too late: ${event.messageId}`))
const statuses = []
analytics.on('http_request', ({ method, url }) => statuses.push(`${method} ${new URL(url).pathname}`))
analytics.on('http_response', ({ status }) => statuses.push(status))
await analytics.ready

// A plugin that adds to what is sent, and one that is taken away again.
const plugin = (name, properties) => ({
  name,
  type: 'enrichment',
  isLoaded: () => true,
  load: async () => undefined,
  track: (context) => {
    context.updateEvent('properties.added', properties)
    return context
  },
})
await analytics.register(plugin('adding', 'by a plugin'))
const event = { userId: person, event: 'Song Played' }
analytics.track({ ...event, messageId: `${person}-with` }, (error, context) => {
  noted.push(`called back ${error ?? context.event.messageId}`)
})
await analytics.flush({ timeout: patience })
await analytics.deregister('adding')
analytics.track({ ...event, messageId: `${person}-without` })
await analytics.flush()
analytics.track({ ...event, messageId: `${person}-closing` })
await analytics.closeAndFlush({ timeout: patience })
analytics.track({ ...event, messageId: `${person}-late` })

// Every setting at once, over a token endpoint and an HTTP client of our own.
const fetched = []
const own = new FetchHTTPClient((url, request) => {
  fetched.push(new URL(url).pathname)
  return fetch(url, request)
})
const all = {
  writeKey: 'no key of ours',
  host,
  path: '/v1/batch',
  maxRetries: 2,
  flushAt: 2,
  maxEventsInBatch: 3,
  flushInterval: 50,
  httpRequestTimeout: patience,
  disable: false,
  httpClient: own,
  maxTotalBackoffDuration: patience / 1000,
  maxRateLimitDuration: patience / 1000,
  oauthSettings: {
    clientId: 'client',
    clientKey: privateKey,
    keyId: 'kid',
    authServer: endpoint,
    scope: 'tracking_api:write',
    maxRetries: 1,
    httpClient: own,
  },
}
const full = new Analytics(all)
const failed = []
full.on('error', ({ reason }) => failed.push(String(reason)))
for (const each of [1, 2, 3]) {
  full.track({ ...event, messageId: `${person}-full-${each}` })
}
await full.flush({ close: true })

// A client that is switched off takes the calls and sends nothing.
const off = new Analytics({ ...settings, disable: true })
off.track({ ...event, messageId: `${person}-off` })
await off.closeAndFlush()

found.context = new Context({ type: 'track', event: 'x', userId: person }).event.event
found.settings = Object.keys(all).sort()
found.oauth = Object.keys(all.oauthSettings).sort()
console.log(JSON.stringify({ found, noted, statuses, fetched, failed }))
