// Runs batches with OpenAI's library for Node: node batches.mjs LIBRARY ARGUMENTS.json
// Prints what became of each step as one JSON object.
import { readFileSync } from 'node:fs';

const [library, file] = process.argv.slice(2);
const { default: Client, toFile } = await import(library);
const { baseUrl, key, otherKey, lines } = JSON.parse(readFileSync(file, 'utf8'));
const client = new Client({ baseURL: baseUrl, apiKey: key, maxRetries: 0 });

const input = await client.files.create({ purpose: 'batch', file: await toFile(Buffer.from(lines), 'in.jsonl') });
const create = (metadata) =>
  client.batches.create({
    input_file_id: input.id,
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
    metadata,
  });
const created = [];
for (const job of ['first', 'second', 'third']) created.push(await create({ job }));

const outcomes = { created: `${created[0].object} ${created[0].status}` };
const ended = async (id) => {
  for (;;) {
    const batch = await client.batches.retrieve(id);
    if (!['validating', 'in_progress', 'finalizing', 'cancelling'].includes(batch.status)) return batch;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
};
const read = async (id) =>
  (await (await client.files.content(id)).text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

const batch = await ended(created[0].id);
outcomes.ended = `${batch.status} ${batch.request_counts.completed}+${batch.request_counts.failed}`;
const answers = await read(batch.output_file_id);
outcomes.answers = answers.map((each) => `${each.custom_id} ${each.response.status_code}`).sort().join();
outcomes.text = answers.find((each) => each.custom_id === 'a').response.body.choices[0].message.content;
const errors = await read(batch.error_file_id);
outcomes.errors = errors.map((each) => `${each.custom_id} ${each.response.status_code}`).join();
const listed = [];
for await (const each of client.batches.list({ limit: 1 })) listed.push(each.metadata.job);
outcomes.listed = listed.join();
for (const each of created) await ended(each.id);

const failure = async (call) => {
  try {
    await call();
  } catch (thrown) {
    return `${thrown.constructor.name} ${thrown.status} ${thrown.code}`;
  }
};
outcomes.late = await failure(() => client.batches.cancel(batch.id));
const other = new Client({ baseURL: baseUrl, apiKey: otherKey, maxRetries: 0 });
outcomes.foreign = await failure(() => other.batches.retrieve(batch.id));
console.log(JSON.stringify(outcomes));
