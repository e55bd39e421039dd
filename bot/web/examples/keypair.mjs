// Sends one signal, signed with a key pair of your own; prints the receipt.
//   node keypair.mjs new                     prints a private and a public key
//   node keypair.mjs ['{"external_id": …}']
// Needs Node.js 18 or newer and no package. The service knows only the public key
// (whpk_…), so that whoever reads its database cannot sign for you.
import { createHash, createPrivateKey, createPublicKey, randomBytes, sign } from "node:crypto";

const { TAPGATE_URL, TAPGATE_PROVIDER, TAPGATE_PRIVATE_KEY } = process.env;

function privateKey(seed) {
  const before = Buffer.from("302e020100300506032b657004220420", "hex"); // PKCS #8, Ed25519
  return createPrivateKey({ key: Buffer.concat([before, seed]), format: "der", type: "pkcs8" });
}

if (process.argv[2] === "new") {
  const seed = randomBytes(32);
  const told = createPublicKey(privateKey(seed)).export({ format: "der", type: "spki" });
  console.log(`whsk_${seed.toString("base64")}\nwhpk_${told.subarray(-32).toString("base64")}`);
  process.exit();
}

const signal = process.argv[2] ?? JSON.stringify({
  external_id: `example-${Date.now()}`,
  instrument: "XAUUSD",
  side: "buy",
  price: "1950.50",
  stop_loss: "1945.00",
  take_profit: "1965.00",
});
const id = `msg_${createHash("sha256").update(signal).digest("hex").slice(0, 32)}`;
const timestamp = Math.floor(Date.now() / 1000);
const seed = Buffer.from(TAPGATE_PRIVATE_KEY.replace("whsk_", ""), "base64").subarray(0, 32);
const signature = sign(null, Buffer.from(`${id}.${timestamp}.${signal}`), privateKey(seed));

const response = await fetch(`${TAPGATE_URL}/api/v1/signals`, {
  method: "POST",
  headers: {
    "Content-Type": "application/json",
    "X-Provider": TAPGATE_PROVIDER,
    "webhook-id": id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": `v1a,${signature.toString("base64")}`,
  },
  body: signal,
  signal: AbortSignal.timeout(10_000),
});
console.log(await response.text());
process.exitCode = response.ok ? 0 : 1;
