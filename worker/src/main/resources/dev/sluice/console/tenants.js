// Counts by tenant what waits, once a person asks. All text goes in as text.
import * as now from "./now.js";
import * as words from "./words.js";
import { Rows, capital, element, text } from "./dom.js";
import { ask } from "./ask.js";

const byId = (id) => document.getElementById(id);

const rows = new Rows(byId("tenants-table"), () => {
  const [name, model] = [element("span", "name"), element("span", "sub")];
  const head = element("th", "", name, model);
  head.scope = "row";
  const [count, oldest] = [element("td", "number"), element("td", "number")];
  return { node: element("tr", "", head, count, oldest), show({ tenant, all }) {
    text(name, tenant.tenant ?? "(no tenant)");
    text(model, tenant.models > 1 ? `mostly ${tenant.model ?? "(no model)"}, of ${words.count(tenant.models)} models`
      : tenant.model ?? "(no model)");
    text(count, `${words.count(tenant.requests)} (${words.share(tenant.requests, all)})`);
    text(oldest, words.duration(now.at() - Date.parse(tenant.oldest)));
  } };
});

function show(found, isWhole) {
  const more = found.tenants - found.largest.length;
  text(byId("tenants-state"), [isWhole ? `${words.plural(found.requests, "request")} of ${words.plural(found.tenants,
    "tenant")} waited when this was counted.` : `${words.plural(found.requests, "request")} so far.`,
  more > 0 ? `Those with the most are below.` : "",
  found.not_told > 0 ? `${words.count(found.not_told)} are of more tenants than can be told apart.` : "",
  ...found.problems.map((problem) => `${capital(problem)}.`)].filter((part) => part).join(" "));
  byId("tenants-table").hidden = found.largest.length === 0;
  rows.show(found.largest.map((tenant) => [JSON.stringify(tenant.tenant), { tenant, all: found.requests }]));
}

byId("tenants-count").addEventListener("click", async () => {
  byId("tenants-count").disabled = true;
  try {
    show(await ask("requests/tenants", {}, byId("tenants-bar"), undefined, (part) => show(part, false)), true);
    text(byId("tenants-count"), "Count again");
  } catch (failure) {
    text(byId("tenants-state"), `${capital(failure.message)}.`);
  } finally {
    byId("tenants-count").disabled = false;
  }
});
