// Cuts a vendor's official OpenAPI specification down to the calls of our rules, without its prose:
//
//     node trim.mjs VENDOR CHECKOUT > VENDOR.json
//
// CHECKOUT is a checkout of the vendor's repository, or for `github` the npm package `@octokit/openapi` unpacked.
// VENDORS below says which files are read, which calls are kept, and where we say something else than the vendor.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const VENDORS = {
  discord: {
    from: ["specs/openapi.json"],
    // The server's address ends with it, and prism looks at paths alone.
    prefix: "/api/v10",
    calls: [
      "GET /users/@me",
      "GET /webhooks/{webhook_id}/{webhook_token}",
      "DELETE /webhooks/{webhook_id}/{webhook_token}",
    ],
  },
  github: {
    from: ["generated/api.github.com.json"],
    calls: ["GET /user", "GET /installation/repositories", "POST /credentials/revoke", "DELETE /installation/token"],
  },
  okta: {
    from: ["dist/2026.06.3/management-minimal.yaml"],
    calls: ["GET /api/v1/users/{id}", "DELETE /api/v1/api-tokens/current"],
  },
  openai: {
    from: ["openapi.json"],
    prefix: "/v1",
    calls: [
      "GET /models",
      "GET /organization/admin_api_keys",
      "DELETE /organization/admin_api_keys/{key_id}",
      "GET /organization/projects/{project_id}/api_keys",
      "DELETE /organization/projects/{project_id}/api_keys/{api_key_id}",
      "DELETE /organization/projects/{project_id}/service_accounts/{service_account_id}",
    ],
  },
  sendgrid: {
    from: ["spec/json/tsg_api_keys_v3.json", "spec/json/tsg_scopes_v3.json"],
    calls: ["GET /v3/scopes", "DELETE /v3/api_keys/{api_key_id}"],
  },
  slack: {
    from: ["web-api/slack_web_openapi_v2.json"],
    prefix: "/api",
    calls: ["GET /auth.test", "GET /auth.revoke"],
    overlay: slackAsDocumented,
  },
  twilio: {
    from: ["spec/json/twilio_api_v2010.json", "spec/json/twilio_accounts_v1.json", "spec/json/twilio_verify_v2.json"],
    calls: [
      "GET /2010-04-01/Accounts/{Sid}.json",
      "DELETE /2010-04-01/Accounts/{AccountSid}/Keys/{Sid}.json",
      "POST /v1/AuthTokens/Secondary",
      "POST /v1/AuthTokens/Promote",
      "GET /v2/Services",
    ],
  },
  vault: {
    from: ["openapi.json"],
    prefix: "/v1",
    calls: [
      "GET /auth/token/lookup-self",
      "POST /auth/token/revoke-self",
      "POST /auth/{approle_mount_path}/role/{role_name}/secret-id/destroy",
    ],
    overlay: vaultAsDocumented,
  },
};

// Slack declares its methods as GET with the token in the query or in a header `token`, and errors as answers of
// another status. Its documentation ("Using the Slack Web API", "Evaluating responses") says POST, the token as
// `Authorization: Bearer`, and errors with status 200.
function slackAsDocumented({ paths }) {
  for (const item of Object.values(paths)) {
    const { get, ...rest } = item;
    get.parameters = get.parameters.filter((parameter) => parameter.name !== "token");
    const { 200: done, default: failed } = get.responses;
    get.responses = { 200: { ...done, schema: { anyOf: [done.schema, failed.schema] } } };
    Object.assign(item, rest, { post: get });
    delete item.get;
  }
}

// Vault declares that `revoke-self` answers 200, where its API documentation says 204; and no header for the token, so
// that nothing holds us to sending one: "HTTP API", "Authentication" says `X-Vault-Token`.
function vaultAsDocumented({ paths, components }) {
  components.securitySchemes = { token: { type: "apiKey", in: "header", name: "X-Vault-Token" } };
  for (const operation of Object.values(paths).flatMap(operations)) {
    operation.security = [{ token: [] }];
  }
  paths["/v1/auth/token/revoke-self"].post.responses[204] = { description: "" };
}

const METHODS = ["get", "put", "post", "delete", "patch"];
// Below these stand names of the author, not keywords.
const NAMES = ["properties", "patternProperties", "schemas", "definitions", "parameters", "responses", "headers", "paths",
  "securitySchemes", "securityDefinitions", "requestBodies", "content", "dependencies"];
// What says nothing of a request or an answer. `description` must stand in an answer.
const PROSE = ["summary", "externalDocs", "example", "examples", "tags", "links", "callbacks", "deprecated", "title"];

function operations(item) {
  return METHODS.filter((method) => item[method]).map((method) => item[method]);
}

function withoutProse(node, parent) {
  if (Array.isArray(node)) return node.map((entry) => withoutProse(entry, undefined));
  if (node === null || typeof node !== "object") return node;
  if (NAMES.includes(parent)) return mapped(node, (name, value) => [name, withoutProse(value, undefined)]);
  return mapped(node, (name, value) => {
    if (PROSE.includes(name) || name.startsWith("x-")) return undefined;
    if (name === "description" && typeof value === "string") return "content" in node || !("type" in node) ? [name, ""] : undefined;
    return [name, withoutProse(value, name)];
  });
}

function mapped(node, change) {
  return Object.fromEntries(Object.entries(node).map(([name, value]) => change(name, value)).filter(Boolean));
}

function steps(reference) {
  return reference.slice(2).split("/").map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function references(node, found) {
  if (node === null || typeof node !== "object") return;
  if (typeof node.$ref === "string") found(node.$ref);
  Object.values(node).forEach((inner) => references(inner, found));
}

// Puts a part where it stood in its file; two files must not mean two things by one name.
function place(target, where, value, name) {
  const holder = where.slice(0, -1).reduce((inner, step) => (inner[step] ??= {}), target);
  const last = where.at(-1);
  if (last in holder && JSON.stringify(holder[last]) !== JSON.stringify(value)) throw new Error(`${name}: two meanings`);
  holder[last] = value;
}

function trimmed(specs, { calls, prefix = "", overlay }) {
  const [first] = specs;
  const version = first.swagger ? { swagger: first.swagger } : { openapi: first.openapi };
  const result = { ...version, info: { title: first.info.title, version: first.info.version, license: first.info.license }, paths: {} };
  if (!first.swagger) result.components = {};
  for (const call of calls) {
    const [method, path] = call.split(" ");
    const spec = specs.find((spec) => spec.paths[path]?.[method.toLowerCase()]);
    if (!spec) throw new Error(`${call}: not in the specification any more`);
    const item = spec.paths[path];
    const operation = withoutProse(item[method.toLowerCase()], undefined);
    const common = withoutProse({ parameters: item.parameters ?? [] }, undefined).parameters;
    operation.parameters = [...common, ...(operation.parameters ?? [])];
    operation.security ??= spec.security;
    (result.paths[prefix + path] ??= {})[method.toLowerCase()] = operation;
    const seen = new Set();
    references(operation, function keep(reference) {
      if (seen.has(reference)) return;
      seen.add(reference);
      const where = steps(reference);
      const original = where.reduce((inner, step) => inner?.[step], spec);
      if (original === undefined) throw new Error(`${reference}: leads nowhere`);
      const value = withoutProse(original, undefined);
      place(result, where, value, reference);
      references(value, keep);
    });
    const schemes = spec.securityDefinitions ?? spec.components?.securitySchemes ?? {};
    const holder = first.swagger ? ["securityDefinitions"] : ["components", "securitySchemes"];
    for (const name of (operation.security ?? []).flatMap(Object.keys)) {
      place(result, [...holder, name], withoutProse(schemes[name], undefined), name);
    }
  }
  overlay?.(result);
  return result;
}

function read(file) {
  const text = readFileSync(file, "utf8");
  if (file.endsWith(".json")) return JSON.parse(text);
  // Of prism, where setup.sh put it.
  return createRequire(resolve(process.env.OPENAPI ?? "target/openapi", "package.json"))("@stoplight/yaml").parse(text);
}

const [name, checkout] = process.argv.slice(2);
const vendor = VENDORS[name];
if (!vendor || !checkout) {
  console.error(`usage: node trim.mjs ${Object.keys(VENDORS).join("|")} CHECKOUT > FILE`);
  process.exit(2);
}
const specs = vendor.from.map((file) => read(join(checkout, file)));
console.log(JSON.stringify(trimmed(specs, vendor), null, 1));
