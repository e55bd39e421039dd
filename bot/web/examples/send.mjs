// Sends one signal, signed in the plain form; prints the receipt.
//   node send.mjs ['{"external_id": …}']
// Needs Node.js 18 or newer and no package.
import { createHmac } from "node:crypto";

const { TAPGATE_URL, TAPGATE_PROVIDER, TAPGATE_PROVIDER_SECRET } = process.env;

const signal = process.argv[2] ?? JSON.stringify({
  external_id: `example-${Date.now()}`,
  instrument: "XAUUSD",
  side: "buy",
  price: "1950.50",
  stop_loss: "1945.00",
  take_profit: "1965.00",
});
const timestamp = Math.floor(Date.now() / 1000);
const signature = createHmac("sha256", TAPGATE_PROVIDER_SECRET)
  .update(`${timestamp}.${signal}`)
  .digest("hex");

const response = await fetch(`${TAPGATE_URL}/api/v1/signals`, {
  method: "POST",
  headers: {
    "Content-Type": "application/json",
    "X-Provider": TAPGATE_PROVIDER,
    "X-Timestamp": String(timestamp),
    "X-Signature": signature,
  },
  body: signal,
  signal: AbortSignal.timeout(10_000),
});
console.log(await response.text());
process.exitCode = response.ok ? 0 : 1;
