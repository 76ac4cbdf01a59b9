"""Stores files with OpenAI's library for Python: python3 files.py ARGUMENTS.json

Prints what became of each step as one JSON object.
"""

import io
import json
import sys

import openai

with open(sys.argv[1], encoding="utf-8") as arguments:
    told = json.load(arguments)
client = openai.OpenAI(base_url=told["baseUrl"], api_key=told["key"], max_retries=0)
content = '{"custom_id":"h\u00e9"}\n'.encode("utf-8")

path = sys.argv[1] + "l"
with open(path, "wb") as file:
    file.write(content)
with open(path, "rb") as file:
    first = client.files.create(file=file, purpose="batch")
second = client.files.create(file=io.BytesIO(content), purpose="batch")
third = client.files.create(
    file=("c.jsonl", content), purpose="batch", extra_body={"expires_after": {"anchor": "created_at", "seconds": 3600}}
)
stored = [third.id, second.id, first.id]

outcomes = {
    "status": client.files.wait_for_processing(first.id).status,
    "content": client.files.content(second.id).text,
}
listed = [each.id for each in client.files.list(limit=2)]
outcomes["pages"] = f"{len(listed)} " + ("newest first" if listed == stored else "in disorder")
outcomes["deleted"] = str(client.files.delete(first.id).deleted).lower()
try:
    client.files.retrieve(first.id)
except openai.APIStatusError as failure:
    outcomes["gone"] = f"{type(failure).__name__} {failure.status_code} {failure.code}"
for each in client.files.list(limit=1):
    client.files.delete(each.id)
outcomes["left"] = str(len(list(client.files.list())))
print(json.dumps(outcomes))
