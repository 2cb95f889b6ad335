// Runs stories, all at once. Reads `{patience, job: [{settings, calls: [[method, parameters], ...]}]}`
// as JSON, prints for each what was delivered and what was not, and why. Unless its settings say
// otherwise, a client waits `patience` milliseconds for an answer.
import { text } from 'node:stream/consumers'
import { Analytics } from '@segment/analytics-node'

const METHODS = ['identify', 'track', 'page', 'screen', 'group', 'alias']

async function run({ settings, calls }) {
  const analytics = new Analytics({ httpRequestTimeout: patience, ...settings })
  const delivered = []
  const failed = []
  for (const method of METHODS) {
    analytics.on(method, (context) => delivered.push(context.event.messageId))
  }
  analytics.on('error', ({ code, reason, ctx }) => {
    failed.push({ id: ctx.event.messageId, code, reason: String(reason) })
  })
  await analytics.ready
  for (const [method, parameters] of calls) {
    const { timestamp } = parameters
    analytics[method](timestamp ? { ...parameters, timestamp: new Date(timestamp) } : parameters)
  }
  await analytics.closeAndFlush({ timeout: patience })
  return { delivered, failed }
}

const { patience, job } = JSON.parse(await text(process.stdin))
console.log(JSON.stringify(await Promise.all(job.map(run))))
