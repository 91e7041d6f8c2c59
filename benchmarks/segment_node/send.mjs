// Sends calls with Segment's Node SDK: node send.mjs <url> <write key> <first number> <count>; prints what it gave up on.
import { Analytics } from "@segment/analytics-node";

const [host, writeKey, first, count] = process.argv.slice(2);
const analytics = new Analytics({ host, writeKey, maxRetries: 20, flushAt: 100, flushInterval: 500 });
let failed = 0;
analytics.on("error", (error) => {
  failed += 1;
  console.error(String(error.code), String(error.reason));
});
for (let number = Number(first); number < Number(first) + Number(count); number += 1) {
  analytics.track({
    userId: `person-${number % 997}`,
    anonymousId: `device-${number % 1009}`,
    event: "Product Viewed",
    properties: { number, product_id: `P${number % 50}` },
  });
  // Under load, not all at once: the queue of the SDK is the sender's memory.
  if (number % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
}
await analytics.closeAndFlush({ timeout: 300000 });
console.log(JSON.stringify({ failed }));
