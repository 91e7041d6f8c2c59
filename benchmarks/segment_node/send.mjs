// Sends calls with Segment's Node SDK: node send.mjs <url> <write key> <first number> <count> <file>; writes the numbers
// that were acknowledged to the file, one a line, and prints how many it gave up on.
import { createWriteStream } from "node:fs";
import { Analytics } from "@segment/analytics-node";

const [host, writeKey, first, count, path] = process.argv.slice(2);
const analytics = new Analytics({ host, writeKey, maxRetries: 20, flushAt: 100, flushInterval: 500 });
const acknowledged = createWriteStream(path);
let failed = 0;
analytics.on("error", (error) => console.error(String(error.code), String(error.reason)));
for (let number = Number(first); number < Number(first) + Number(count); number += 1) {
  const call = {
    userId: `person-${number % 997}`,
    anonymousId: `device-${number % 1009}`,
    event: "Product Viewed",
    properties: { number, product_id: `P${number % 50}` },
  };
  // The SDK calls back once for each call: when it was answered with a 2xx, or when it gives up.
  analytics.track(call, (error) => {
    if (error) failed += 1;
    else acknowledged.write(`${number}\n`);
  });
  // Under load, not all at once: the queue of the SDK is the sender's memory.
  if (number % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
}
await analytics.closeAndFlush({ timeout: 300000 });
await new Promise((resolve) => acknowledged.end(resolve));
console.log(JSON.stringify({ failed }));
