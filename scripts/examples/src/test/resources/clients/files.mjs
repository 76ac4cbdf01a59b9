// Stores files with OpenAI's library for Node: node files.mjs LIBRARY ARGUMENTS.json
// Prints what became of each step as one JSON object.
import { readFileSync, createReadStream, writeFileSync } from 'node:fs';

const [library, file] = process.argv.slice(2);
const { default: Client, toFile } = await import(library);
const { baseUrl, key } = JSON.parse(readFileSync(file, 'utf8'));
const client = new Client({ baseURL: baseUrl, apiKey: key, maxRetries: 0 });
const content = '{"custom_id":"h\u00e9"}\n';

writeFileSync(file + 'l', content);
const stored = [
  await client.files.create({ file: createReadStream(file + 'l'), purpose: 'batch' }),
  await client.files.create({ purpose: 'batch', file: await toFile(Buffer.from(content), 'b.jsonl') }),
  await client.files.create({
    purpose: 'batch',
    file: new File([content], 'c.jsonl'),
    expires_after: { anchor: 'created_at', seconds: 3600 },
  }),
].map((each) => each.id);

const outcomes = {
  status: (await client.files.waitForProcessing(stored[0])).status,
  content: await (await client.files.content(stored[1])).text(),
};
const listed = [];
for await (const each of client.files.list({ limit: 2 })) listed.push(each.id);
outcomes.pages = listed.length + (listed.join() === stored.reverse().join() ? ' newest first' : ' in disorder');
outcomes.deleted = String((await client.files.delete(stored[0])).deleted);
try {
  await client.files.retrieve(stored[0]);
} catch (failure) {
  outcomes.gone = `${failure.constructor.name} ${failure.status} ${failure.code}`;
}
let left = 0;
for await (const each of client.files.list({ limit: 1 })) {
  await client.files.delete(each.id);
}
for await (const each of client.files.list()) left++;
outcomes.left = String(left);
console.log(JSON.stringify(outcomes));
