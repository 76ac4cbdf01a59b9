// Makes the calls of a file with a library of npm: node calls.mjs LIBRARY CALLS.json
// Prints what became of each as one JSON object.
import { readFileSync } from 'node:fs';

const [library, file] = process.argv.slice(2);
const { default: Client } = await import(library);

async function outcome(call) {
  const client = new Client({
    baseURL: call.baseUrl,
    apiKey: call.key,
    timeout: call.timeoutMillis,
    maxRetries: call.retries,
  });
  const request = {
    model: call.model,
    messages: [{ role: 'user', content: call.text }],
    stream: call.stream,
    ...(call.tool && { tools: [{ type: 'function', function: { name: call.tool, parameters: {} } }] }),
  };
  try {
    const answer = await client.chat.completions.create(request);
    return words(call.stream ? await joined(answer) : answer.choices[0].message);
  } catch (failure) {
    return failure.status === undefined
      ? failure.constructor.name
      : `${failure.constructor.name} ${failure.status} ${failure.code ?? failure.error?.error?.code ?? failure.error?.code ?? ''}`;
  }
}

// Puts a stream together as a program would that shows it while it comes.
async function joined(stream) {
  const message = { content: '', tool_calls: [] };
  for await (const chunk of stream) {
    const delta = chunk.choices[0]?.delta ?? {};
    message.content += delta.content ?? '';
    for (const piece of delta.tool_calls ?? []) {
      const call = (message.tool_calls[piece.index] ??= { function: { name: '', arguments: '' } });
      call.function.name += piece.function.name ?? '';
      call.function.arguments += piece.function.arguments ?? '';
    }
  }
  return message;
}

function words(message) {
  const call = message.tool_calls?.[0];
  return call ? `tool ${call.function.name} ${call.function.arguments}` : `ok ${message.content}`;
}

const outcomes = {};
for (const call of JSON.parse(readFileSync(file, 'utf8'))) {
  outcomes[call.name] = await outcome(call);
}
console.log(JSON.stringify(outcomes));
