// Asks the console what takes its time to answer.

/**
 * Sends a question, and reads the lines of the answer: progress, parts of the result on the way, and at last the result
 * or a problem.
 */
export async function ask(path, body, bar, signal, part = () => {}) {
  bar.hidden = false;
  bar.removeAttribute("value");
  try {
    const answer = await fetch(path, { method: "POST", headers: { "content-type": "application/json" },
      body: JSON.stringify(body), signal });
    if (!answer.ok) {
      throw new Error((await answer.text()).trim());
    }
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        throw new Error("the console has gone before it had answered");
      }
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      for (const line of lines) {
        const said = JSON.parse(line);
        if (said.problem) {
          throw new Error(said.problem);
        }
        if (said.result) {
          return said.result;
        }
        bar.max = Math.max(1, said.all);
        bar.value = said.done;
        if (said.part) {
          part(said.part);
        }
      }
    }
  } finally {
    if (!signal?.aborted) { // else the bar is the next question's
      bar.hidden = true;
    }
  }
}
