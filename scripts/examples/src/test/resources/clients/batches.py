"""Runs batches with OpenAI's library for Python: python3 batches.py ARGUMENTS.json

Prints what became of each step as one JSON object.
"""

import json
import sys
import time

import openai

with open(sys.argv[1], encoding="utf-8") as arguments:
    told = json.load(arguments)
client = openai.OpenAI(base_url=told["baseUrl"], api_key=told["key"], max_retries=0)
content = told["lines"].encode("utf-8")

source = client.files.create(file=("in.jsonl", content), purpose="batch")
created = [
    client.batches.create(
        input_file_id=source.id,
        endpoint="/v1/chat/completions",
        completion_window="24h",
        metadata={"job": job},
    )
    for job in ("first", "second", "third")
]


def ended(batch_id):
    while True:
        batch = client.batches.retrieve(batch_id)
        if batch.status not in ("validating", "in_progress", "finalizing", "cancelling"):
            return batch
        time.sleep(0.2)


def read(file_id):
    return [json.loads(line) for line in client.files.content(file_id).text.splitlines()]


def failure(call):
    try:
        call()
    except openai.APIStatusError as thrown:
        return f"{type(thrown).__name__} {thrown.status_code} {thrown.code}"
    return None


outcomes = {"created": f"{created[0].object} {created[0].status}"}
batch = ended(created[0].id)
outcomes["ended"] = f"{batch.status} {batch.request_counts.completed}+{batch.request_counts.failed}"
answers = read(batch.output_file_id)
outcomes["answers"] = ",".join(sorted(f"{each['custom_id']} {each['response']['status_code']}" for each in answers))
first = next(each for each in answers if each["custom_id"] == "a")
outcomes["text"] = first["response"]["body"]["choices"][0]["message"]["content"]
outcomes["errors"] = ",".join(
    f"{each['custom_id']} {each['response']['status_code']}" for each in read(batch.error_file_id)
)
outcomes["listed"] = ",".join(each.metadata["job"] for each in client.batches.list(limit=1))
for each in created:
    ended(each.id)
outcomes["late"] = failure(lambda: client.batches.cancel(batch.id))
other = openai.OpenAI(base_url=told["baseUrl"], api_key=told["otherKey"], max_retries=0)
outcomes["foreign"] = failure(lambda: other.batches.retrieve(batch.id))
print(json.dumps(outcomes))
